import { create } from "asciinema-player";
import "asciinema-player/dist/bundle/asciinema-player.css";

export interface Playing {
  /** Plays on from the same moment at another speed. */
  speed(times: number): void;
  end(): void;
}

/** Pauses are not played longer than this, in seconds: sessions wait for hours. */
export const longestPause = 3;

/** Opens a player for an asciicast inside `place`. The player takes its speed only when it is made, so that another is made for another speed. */
export function openPlayer(place: HTMLElement, cast: string): Playing {
  let playing = false;
  const make = (speed: number, startAt: number, autoPlay: boolean) => {
    const made = create({ data: cast }, place, {
      autoPlay,
      controls: true,
      fit: "width",
      idleTimeLimit: longestPause,
      preload: true,
      speed,
      startAt,
      terminalFontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
      ...(startAt === 0 ? { poster: "npt:0:05" } : {}),
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
