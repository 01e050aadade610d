// The number at the way to the inbox counts on while a page listens: live.js says on the document what it hears, and
// a comment names whom it told.
export default function bell(link) {
  const count = link.querySelector("[data-bell-count]");
  const number = link.querySelector("[data-bell-number]");
  const me = Number(link.dataset.me);
  let heard = 0;
  const news = ({ detail: { seq, data } }) => {
    if (!data?.told?.includes(me) || seq <= heard) return;
    heard = seq;
    const now = Number(count.dataset.bellCount) + 1;
    count.dataset.bellCount = now;
    number.textContent = now > 99 ? "99+" : now;
    count.hidden = false;
  };
  document.addEventListener("live:news", news);
  return () => document.removeEventListener("live:news", news);
}
