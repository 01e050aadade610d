// <input type="hidden" data-behaviour="time-zone"> tells the zone of the browser's clock; a <select> proposes it,
// unless somebody has chosen already.
export default function timeZone(field) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  if (field.tagName !== "SELECT") field.value = zone;
  else if (!field.form.querySelector("[aria-invalid]") && [...field.options].some(({ value }) => value === zone))
    field.value = zone;
}
