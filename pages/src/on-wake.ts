const tickMs = 2_000;
/** A tick that comes so much later than it should means that the machine has slept. */
const sleptMs = 8_000;

/** Calls `wake` when the page is shown again, the network is back, or the machine has slept; returns what ends that. */
export function onWake(wake: () => void): () => void {
  const shown = () => void (document.hidden || wake());
  let last = Date.now();
  const timer = setInterval(() => {
    const at = Date.now();
    // Hidden pages are given few ticks on purpose.
    if (at - last > sleptMs && !document.hidden) wake();
    last = at;
  }, tickMs);
  document.addEventListener("visibilitychange", shown);
  addEventListener("online", wake);
  addEventListener("pageshow", shown);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", shown);
    removeEventListener("online", wake);
    removeEventListener("pageshow", shown);
  };
}
