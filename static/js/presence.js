// Who else looks at the board, and which card somebody holds. Loaded when the first colleague is there. Nothing of it
// is announced. Lifting a card is said to the others, and again while it is in the air: they forget it after 15 s.
const SHOWN = 5;
const AGAIN = 5_000;

export function presence(root, me, signal) {
  let news = { here: [], count: 0, held: [] };
  let live = true;
  let lifted = null; // the address of the card in the air
  let again = 0;

  const place = () => root.querySelector("[data-here]");
  const say = (words, values) => words.replace(/{(\w+)}/g, (_all, name) => values[name]);

  function face([, name, initials, hue, sales]) {
    const element = document.createElement("span");
    element.className = `avatar ${sales ? "is-sales" : `tinted hue-${(Math.round(hue / 5) * 5) % 360}`}`;
    element.role = "img";
    element.ariaLabel = element.title = name;
    element.textContent = initials;
    return element;
  }

  function part(css, text) {
    const element = document.createElement("span");
    element.className = css;
    element.textContent = text;
    return element;
  }

  function paintPeople() {
    const element = place();
    if (!element) return;
    const others = live ? news.here.filter(([member]) => String(member) !== me) : [];
    const count = live ? Math.max(others.length, news.count - 1) : 0;
    element.hidden = !count;
    if (!count) return element.replaceChildren();
    const [name, other] = others.map(([, whole]) => whole.split(" ", 1)[0]);
    const { one, two, many, number } = element.dataset;
    element.ariaLabel = say([one, two][count - 1] ?? many, { name, other, number: count - 1 });
    const shown = others.slice(0, count > SHOWN ? SHOWN - 1 : SHOWN);
    const faces = part("avatars no-touch", "");
    faces.append(...shown.map(face));
    if (count > shown.length) faces.append(part("avatar is-more", `+${count - shown.length}`));
    element.replaceChildren(faces, part("only-touch xs muted", say(number, { number: count })));
  }

  function paintCards() {
    const held = new Map(
      live ? news.held.filter(([, member]) => String(member) !== me).map(([task, , name]) => [`task-${task}`, name]) : [],
    );
    for (const card of root.querySelectorAll(".card.is-held")) if (!held.has(card.id)) unmark(card);
    const words = place()?.dataset.moving;
    for (const [id, name] of held) {
      const card = words && root.querySelector(`#${id}`);
      if (!card || card.classList.contains("is-held")) continue;
      card.classList.add("is-held");
      card.prepend(part("held-by", say(words, { name })));
    }
  }

  function tell(state) {
    const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
    const body = new URLSearchParams({ state });
    fetch(`${lifted}moving/`, { method: "POST", headers, body, keepalive: true }).catch(() => {});
  }

  function lift({ detail: { card } }) {
    lifted = card.querySelector(".card-title a").getAttribute("href");
    tell("held");
    again = setInterval(() => tell("held"), AGAIN);
  }

  function drop() {
    clearInterval(again);
    if (lifted) tell("free");
    lifted = null;
  }

  document.addEventListener("board:lifted", lift, { signal });
  document.addEventListener("board:dropped", drop, { signal });
  signal.addEventListener("abort", drop);

  return {
    unmark,
    heard(told) {
      news = told;
      this.paint(live);
    },
    paint(isLive) {
      live = isLive;
      paintPeople();
      paintCards();
    },
  };
}

// a card as the server draws it
function unmark(card) {
  card.classList.remove("is-held");
  card.querySelector(":scope > .held-by")?.remove();
}
