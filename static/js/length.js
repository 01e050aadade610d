// <input data-behaviour="length" aria-describedby="subject-length"> says how long its text is while it is typed.
// The hint it names says how: data-one="{n} character." data-many="{n} characters."
export default function length(field) {
  const hint = document.getElementById(field.dataset.length);
  const say = () => {
    const count = [...field.value].length;
    hint.textContent = (count === 1 ? hint.dataset.one : hint.dataset.many).replace("{n}", count);
  };
  field.addEventListener("input", say);
  return () => field.removeEventListener("input", say);
}
