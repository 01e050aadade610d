// <input type="hidden" data-behaviour="time-zone"> tells the zone of the browser's clock.
export default function timeZone(input) {
  input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
