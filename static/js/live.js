// One ear to the server for all tabs of a browser: connect(address, { me, heard, here, state }) calls `heard` with each
// event of the stream ({ seq, verb, … }; a bare { seq } for what this reader may not see), `here` with who is there, and
// `state` with "live", "lost", "offline" or "ended". Returns a function that hangs up. `me` is the reader: after another signed in beside
// him in this browser, neither hears by the other's ear.
//
// Six streams would use up a browser's connections to this site, so one visible tab listens and tells the others
// (Web Locks and a BroadcastChannel; without locks each visible tab listens for itself). A hidden tab lets go.
const TICK = 5_000;
const ASLEEP = 20_000; // a tick that comes so late: the machine slept, and its connections are dead
const SILENCE = 40_000; // the server beats every 15 s; after this long the line is dead, whatever it says
const AGAIN = [1_000, 2_000, 5_000, 10_000, 30_000];

export function connect(address, { me, heard, here, state }) {
  const name = `sprintboard:${address}:${me}`;
  const others = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;
  const over = new AbortController();
  const { signal } = over;
  let source = null;
  let letGo = null; // gives the lock back
  let asking = null; // waits for the lock
  let watch = 0;
  let again = 0;
  let tries = 0;
  let present = null; // who was there last

  const tell = (kind, data) => {
    receive(kind, data);
    others?.postMessage({ kind, data });
  };

  function receive(kind, data) {
    if (kind === "state") state(data);
    else if (kind === "here") here((present = data));
    else if (kind === "ask") {
      if (source && present) others.postMessage({ kind: "here", data: present });
    } else {
      state("live");
      heard(data);
      document.dispatchEvent(new CustomEvent("live:news", { detail: data }));
    }
  }

  others?.addEventListener("message", ({ data }) => receive(data.kind, data.data));

  function stillThere() {
    clearTimeout(watch);
    watch = setTimeout(() => {
      tell("state", "lost");
      reopen();
    }, SILENCE);
  }

  function open() {
    close();
    source = new EventSource(address);
    stillThere();
    const news = (event) => {
      tries = 0;
      stillThere();
      tell("news", JSON.parse(event.data));
    };
    source.onmessage = news;
    for (const kind of ["start", "beat", "resync"]) source.addEventListener(kind, news);
    source.addEventListener("here", (event) => {
      stillThere();
      tell("here", JSON.parse(event.data));
    });
    source.addEventListener("end", (event) => {
      const { why } = JSON.parse(event.data);
      if (why === "restart") return tell("state", "lost"); // the browser comes back by itself, at its own second
      close();
      tell("state", why === "refused" ? "ended" : "lost");
    });
    source.onerror = () => {
      tell("state", navigator.onLine ? "lost" : "offline");
      if (source?.readyState === EventSource.CLOSED) reopen();
    };
  }

  function reopen() {
    close();
    const pause = AGAIN[Math.min(tries++, AGAIN.length - 1)] * (0.5 + Math.random());
    again = setTimeout(open, pause);
  }

  function close() {
    clearTimeout(watch);
    clearTimeout(again);
    source?.close();
    source = null;
  }

  function listen() {
    if (source || letGo || asking) return;
    if (!navigator.locks) return open();
    asking = new AbortController();
    navigator.locks
      .request(name, { signal: asking.signal }, () => {
        asking = null;
        open();
        return new Promise((resolve) => (letGo = resolve));
      })
      .catch(() => {}); // no longer wanted
  }

  function hangUp() {
    asking?.abort();
    asking = null;
    close();
    letGo?.();
    letGo = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? hangUp() : listen()), { signal });
  window.addEventListener("online", () => (letGo || (!navigator.locks && !document.hidden)) && open(), { signal });
  const cutOff = () => {
    close();
    state("offline");
  };
  window.addEventListener("offline", cutOff, { signal });
  window.addEventListener("pagehide", hangUp, { signal });
  let ticked = Date.now();
  const clock = setInterval(() => {
    const asleep = Date.now() - ticked > ASLEEP;
    ticked = Date.now();
    if (asleep && source) open();
  }, TICK);
  window.addEventListener("pageshow", ({ persisted }) => persisted && listen(), { signal });
  if (!document.hidden) listen();
  others?.postMessage({ kind: "ask" });

  return () => {
    over.abort();
    clearInterval(clock);
    hangUp();
    others?.close();
  };
}
