// <button class="js-only" data-behaviour="print"> prints the page; without scripts it is not there.
export default function print(button) {
  const press = () => window.print();
  button.addEventListener("click", press);
  return () => button.removeEventListener("click", press);
}
