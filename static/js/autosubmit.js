// <form data-behaviour="autosubmit"> sends itself when something in it is chosen. Its button has the class
// no-js-only: it is there for those without scripts.
export default function autosubmit(form) {
  const send = () => form.requestSubmit();
  form.addEventListener("change", send);
  return () => form.removeEventListener("change", send);
}
