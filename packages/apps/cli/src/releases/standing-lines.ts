import type { Closing, ReleaseStanding } from '@signwright/policy';
import { closedBy } from '@signwright/policy';
import { authorName, type Json, type Outcome, type Refusal, type Verified } from '@signwright/signing-core';

const SHOWN = 20;
const MARKS: { readonly [status in Outcome['status']]: string } = {
  met: '✓',
  waived: '✓',
  unmet: '✗',
  pending: '…',
  inconclusive: '?',
};

/** How a release stands, for people: its parts, what is left out of it, what is missing or wrong. */
export function standingLines(
  text: string,
  { united, leftOut, outcomes }: ReleaseStanding,
  { closed, refused }: Closing,
): string[] {
  const { artifacts, parts } = united;
  const state = closed === undefined ? 'not closed' : `closed ${closedBy(closed)}, manifest ${closed.proven.evidence}`;
  return [
    `${text}: ${state}`,
    `  ${counted(parts.length, 'part')}, ${counted(artifacts.length, 'artifact')}`,
    ...shown(parts, partLine),
    ...shown([...leftOut, ...refused], refusalLine),
    ...outcomes.flatMap(outcomeLines),
  ];
}

function shown<T>(all: readonly T[], line: (one: T) => string): string[] {
  const more = all.length > SHOWN ? [`  … and ${all.length - SHOWN} more`] : [];
  return [...all.slice(0, SHOWN).map(line), ...more];
}

function partLine({ evidence, part, author, time }: Verified): string {
  return `  part ${evidence}: ${counted(part.artifacts.length, 'artifact')} by ${part.signer} (${authorName(author)}), ${new Date(time.at).toISOString()}`;
}

function refusalLine({ evidence, code, message }: Refusal): string {
  return `  left out ${evidence} (${code}): ${message}`;
}

/** What is missing or wrong, and what to do. */
export function outcomeLines({ status, code, message, refused, next }: Outcome): string[] {
  return [
    `  ${MARKS[status]} ${status} (${code}): ${message}`,
    ...refused.slice(0, SHOWN).map((one) => `    refused ${one.evidence} (${one.code}): ${one.message}`),
    ...(next === undefined ? [] : [`    → ${next.text}${next.command === undefined ? '' : `: ${next.command}`}`]),
  ];
}

/** The same for programs. */
export function standingJson(
  { united, leftOut, outcomes, result }: ReleaseStanding,
  { closed, refused }: Closing,
): { readonly [key: string]: Json } {
  return {
    closed:
      closed === undefined
        ? null
        : {
            manifest: closed.proven.evidence,
            by: authorName(closed.proven.author),
            at: new Date(closed.proven.time.at).toISOString(),
            parts: closed.manifest.parts,
            artifacts: closed.manifest.artifacts.map(({ name, kind, digest }) => ({ name, kind, digest })),
          },
    result,
    parts: united.parts.map(({ evidence, part, author, time }) => ({
      evidence,
      signer: part.signer,
      by: authorName(author),
      at: new Date(time.at).toISOString(),
      artifacts: part.artifacts.length,
    })),
    artifacts: united.artifacts.map(({ name, kind, digest, parts }) => ({
      name,
      kind,
      digest,
      parts: parts.map(({ evidence }) => evidence),
    })),
    leftOut: [...leftOut, ...refused].map((one) => ({ ...one })),
    outcomes: outcomes.map(
      ({ next, ...one }): Json => ({
        ...one,
        refused: one.refused.map((refusal) => ({ ...refusal })),
        ...(next === undefined ? {} : { next: { ...next } }),
      }),
    ),
  };
}

function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
