import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** One bar. */
export interface Bar {
  /** For the axis: short. */
  readonly label: string;
  readonly value: number;
}

interface Props {
  /** What it shows, in a sentence: for who does not see it. */
  readonly label: string;
  /** The id of the table that says the same. */
  readonly table: string;
  readonly bars: readonly Bar[];
  readonly render: (value: number) => string;
}

const heightPx = 200;
const paths = uPlot.paths.bars;

/** Bars over time, drawn by uPlot in the colours of the theme and as wide as there is room. Its height is there before it is drawn. */
export function Chart({ label, table, bars, render }: Props): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const drawn = JSON.stringify(bars);
  useEffect(() => {
    const host = place.current;
    if (!host || bars.length === 0) return undefined;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    let plot = draw(host, bars, render);
    const resize = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: heightPx }));
    const repaint = () => {
      plot.destroy();
      plot = draw(host, bars, render);
    };
    resize.observe(host);
    dark.addEventListener("change", repaint);
    return () => {
      dark.removeEventListener("change", repaint);
      resize.disconnect();
      plot.destroy();
    };
  }, [drawn]);
  return <div ref={place} class="chart" role="img" aria-label={label} aria-describedby={table} />;
}

function draw(host: HTMLElement, bars: readonly Bar[], render: (value: number) => string): uPlot {
  const style = getComputedStyle(host);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: colour("--quiet"), font, ticks: { show: false } };
  return new uPlot(
    {
      width: host.clientWidth,
      height: heightPx,
      legend: { show: false },
      cursor: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: false, range: [-0.6, bars.length - 0.4] },
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 80,
          incrs: [1, 2, 3, 4, 6, 7, 12, 14, 24, 28, 30, 60, 90],
          values: (_, places) => places.map((at) => bars[at]?.label ?? ""),
        },
        { ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 64, space: 28, values: (_, values) => values.map(render) },
      ],
      series: [
        {},
        { fill: colour("--accent"), width: 0, points: { show: false }, ...(paths ? { paths: paths({ size: [0.7, 48] }) } : {}) },
      ],
    },
    [bars.map((_, at) => at), bars.map(({ value }) => value)],
    host,
  );
}
