import type { ReportBody } from "../../core/protocol/frames.ts";
import type { OutputPiece } from "../../core/sessions/recording.ts";
import { terminalSize } from "../../core/sessions/terminal-size.ts";
import { OutputSender } from "./output-sender.ts";
import { renderAnswers, renderBeginning, renderEvent, renderQuestions } from "./render-event.ts";
import { SessionOutput } from "./session-output.ts";

const session = "P_1.s7-1";
const ref = { taskId: "P_1.t7-1-1", attempt: 1 };

/** The mesh's end of the line: keeps what it hears while the line stands, and refuses gaps. `folder` is the runner's. */
export function createLine(folder: string) {
  const it = {
    isUp: true,
    length: 0,
    get kept(): string {
      return it.pieces.map(({ data }) => data).join("");
    },
    pieces: [] as OutputPiece[],
    at: 1_000,
    repeats: 0,
    gaps: 0,
    /** Acknowledgements are lost while this is false. */
    acknowledges: true,
    sender: undefined as OutputSender | undefined,
    open(): OutputSender {
      it.sender = new OutputSender(folder, it.send, () => undefined);
      return it.sender;
    },
    send: (frame: { sessionId: string; offset: number; data: string }): boolean => {
      if (!it.isUp) return false;
      const { sessionId, offset, data } = frame;
      const again = offset > it.length;
      if (again) it.gaps += 1;
      if (data !== "" && offset < it.length) it.repeats += 1;
      const fresh = again ? Buffer.alloc(0) : Buffer.from(data).subarray(it.length - offset);
      if (fresh.length > 0) it.pieces.push({ at: it.at, data: fresh.toString() });
      it.length += fresh.length;
      const end = it.length;
      const { sender } = it;
      if (it.acknowledges) queueMicrotask(() => sender?.heard({ type: "output-ack", sessionId, offset: end, ...(again ? { again } : {}) }));
      return true;
    },
  };
  return it;
}

/** A step that writes to a line, with the screens it has reported. */
export function outputOn(sender: OutputSender, more: { secrets?: string[]; mostBytes?: number } = {}) {
  const reports: ReportBody[] = [];
  const output = new SessionOutput({
    session,
    ref,
    sender,
    secrets: () => more.secrets ?? [],
    report: (body) => void reports.push(body),
    ...(more.mostBytes === undefined ? {} : { mostBytes: more.mostBytes }),
  });
  const screens = () => reports.flatMap((body) => (body.type === "snapshot" ? [body] : []));
  return { output, screens };
}

/** A session of three steps that the runner writes, ten minutes by the line's clock, with the screen at each step's end and how much had come by then. */
export async function tenMinuteSession(folder: string) {
  const mesh = createLine(folder);
  const sender = mesh.open();
  const ends: { readonly screen: string; readonly pieces: number }[] = [];
  for (const step of ["plan", "implement", "test"]) {
    const { output, screens } = outputOn(sender);
    output.write(renderBeginning(`acme/todo #7.1 ${step}`, terminalSize.rows), true);
    await output.snapshot("start");
    for (let turn = 0; turn < 100; turn += 1) {
      mesh.at += 2_000;
      const toolId = `t${turn}`;
      output.write(renderEvent({ type: "said", text: `Turn ${turn}: grüße, 漢字, 😀 ✅ ${"long ".repeat(40)}` }), true);
      const diffs = [{ path: "src/a.ts", before: `a\nb\n${turn}\n`, after: `a\nB\n${turn}\n` }];
      output.write(renderEvent({ type: "tool-begun", toolId, title: "Edit: src/a.ts", diffs }), true);
      output.write(renderEvent({ type: "tool-ended", toolId, output: `line\n`.repeat(turn), failed: turn % 7 === 0 }), true);
      output.write(`progress ${turn}%\rprogress ${turn + 1}%\r\n\u001B[32mok\u001B[0m\u001B[2J\u001B[H\n`);
      await output.tail(1);
    }
    output.write(renderQuestions([{ text: "Which?", options: [{ label: "A" }], multiple: false }]) + renderAnswers(["A"]), true);
    await output.close("end");
    await sender.settled(2_000);
    const last = screens().at(-1);
    if (last?.kind !== "end") throw new Error("the step reported no screen at its end");
    ends.push({ screen: last.screen, pieces: mesh.pieces.length });
  }
  return { mesh, ends };
}
