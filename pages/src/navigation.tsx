import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { logOut } from "./mesh-store.ts";
import { place } from "./place.ts";
import { sectionOf, sections, type Section } from "./sections.ts";

const rest = sections.filter(({ first }) => !first);

/**
 * The ways to every page: all of them beside the page where there is room, and a bar at the foot of a phone's screen with the most used
 * and the others behind "More".
 */
export function Navigation(): JSX.Element {
  const current = sectionOf(place.value);
  return (
    <nav aria-label="Pages" class="pages">
      <ul>
        {sections.map((section) => (
          <li key={section.address} class={section.first ? undefined : "later"}>
            <SectionLink section={section} isCurrent={section === current} />
          </li>
        ))}
        <li class="rest">
          <Rest current={current} />
        </li>
      </ul>
      <LogOut />
    </nav>
  );
}

/** A popover: it closes by itself on Escape, on a tap elsewhere, and gives the focus back. */
function Rest({ current }: { readonly current: Section | undefined }): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.hidePopover?.(), [place.value]);
  const isHere = current !== undefined && !current.first;
  return (
    <>
      <button type="button" class={`to${isHere ? " here" : ""}`} popovertarget="rest">
        <Icon path="M2.5 8h1M7.5 8h1M12.5 8h1" />
        More
        <Count waiting={rest.reduce((sum, { waiting }) => sum + (waiting?.value ?? 0), 0)} />
      </button>
      <div popover="auto" id="rest" class="rest-list" ref={list}>
        <ul>
          {rest.map((section) => (
            <li key={section.address}>
              <SectionLink section={section} isCurrent={section === current} />
            </li>
          ))}
        </ul>
        <LogOut />
      </div>
    </>
  );
}

function SectionLink({ section, isCurrent }: { readonly section: Section; readonly isCurrent: boolean }): JSX.Element {
  return (
    <a class="to" href={section.address} aria-current={isCurrent ? "page" : undefined}>
      <Icon path={section.icon} />
      {section.word}
      <Count waiting={section.waiting?.value ?? 0} />
    </a>
  );
}

function Icon({ path }: { readonly path: string }): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

function LogOut(): JSX.Element {
  return (
    <button type="button" class="plain log-out" onClick={() => void logOut()}>
      Log out
    </button>
  );
}

function Count({ waiting }: { readonly waiting: number }): JSX.Element | null {
  if (waiting === 0) return null;
  return (
    <>
      {" "}
      <span class="count">
        {waiting}
        <span class="unseen"> waiting</span>
      </span>
    </>
  );
}
