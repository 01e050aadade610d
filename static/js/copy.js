// <button data-behaviour="copy" data-copy="#link" data-copied="Link copied."> copies the text or value it names.
import { toast } from "sprintboard/toast";

export default function copy(button) {
  const press = async () => {
    const source = document.querySelector(button.dataset.copy);
    await navigator.clipboard.writeText(source.value ?? source.innerText);
    toast(button.dataset.copied);
  };
  button.addEventListener("click", press);
  return () => button.removeEventListener("click", press);
}
