import { create } from "asciinema-player";
import { composed } from "../../core/sessions/character-widths.ts";
import "asciinema-player/dist/bundle/asciinema-player.css";

export interface Playing {
  /** Plays on from the same moment at another speed. */
  speed(times: number): void;
  end(): void;
}

/** Pauses are not played longer than this, in seconds: sessions wait for hours. */
export const longestPause = 3;
const posterSeconds = 5;
const longestPoster = 65_536;

/** Opens a player for an asciicast inside `place`. The player takes its speed only when it is made, so that another is made for another speed. */
export function openPlayer(place: HTMLElement, cast: string): Playing {
  const data = composed(cast);
  let playing = false;
  const make = (speed: number, startAt: number, autoPlay: boolean) => {
    const made = create({ data }, place, {
      autoPlay,
      controls: true,
      fit: "width",
      idleTimeLimit: longestPause,
      preload: true,
      speed,
      startAt,
      terminalFontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
      ...(startAt === 0 ? { poster: `data:text/plain,${beginningOf(data)}` } : {}),
    });
    made.addEventListener("playing", () => (playing = true));
    for (const event of ["pause", "ended"] as const) made.addEventListener(event, () => (playing = false));
    return made;
  };
  let player = make(1, 0, false);
  return {
    speed(times) {
      const [at, on] = [player.getCurrentTime(), playing];
      player.dispose();
      playing = false;
      player = make(times, at, on);
      if (!on && at > 0) void player.seek(at);
    },
    end: () => player.dispose(),
  };
}

/**
 * What stands there before anyone plays. As a text, since a poster by its time makes the player lose what came before that time with the first seek.
 */
function beginningOf(cast: string): string {
  let [from, seconds, shown] = [cast.indexOf("\n") + 1, 0, ""];
  while (from > 0 && from < cast.length && shown.length < longestPoster) {
    const end = cast.indexOf("\n", from);
    const [interval, , data] = JSON.parse(cast.slice(from, end < 0 ? cast.length : end)) as [number, string, string];
    // The first is always shown, however late it came.
    if (shown !== "" && (seconds += Math.min(interval, longestPause)) > posterSeconds) break;
    shown += data;
    from = end < 0 ? 0 : end + 1;
  }
  return shown;
}
