import type { Sha256 } from '@signwright/signing-core';
import { expect, test } from 'vitest';
import { dueAlerts, thresholdsOf } from './due-alerts.ts';
import type { CertificateEvent } from './events.ts';
import { inventoryOf } from './inventory.ts';

const DAY = 86_400;
const THRESHOLDS = [30 * DAY, 7 * DAY, DAY];
const from = Date.parse('2026-01-01T00:00:00Z');
const iso = (days: number): string => new Date(from + days * DAY * 1000).toISOString();
const digestOf = (name: string): Sha256 => `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`;
const at = iso(0);

/** A certificate that is known, from the first day until the last. */
const known = (name: string, first: number, last: number, more: object = {}): CertificateEvent => ({
  type: 'known',
  at,
  found: 'issuer',
  facts: {
    digest: digestOf(name),
    serial: Buffer.from(name).toString('hex'),
    issuer: 'https://gitlab.example',
    subject: '',
    san: 'https://gitlab.example/a',
    notBefore: iso(first),
    notAfter: iso(last),
    key: 'a2V5',
  },
  ...more,
});
const told = (name: string, threshold: number): CertificateEvent => ({ type: 'alerted', at, digest: digestOf(name), threshold });
const due = (events: readonly CertificateEvent[], day: number): [string, number][] =>
  dueAlerts(inventoryOf(events), THRESHOLDS, from + day * DAY * 1000).map(({ entry, threshold }) => [
    Buffer.from(entry.serial, 'hex').toString(),
    threshold / DAY,
  ]);

test('each certificate is told of once a threshold, those that end first before the others', () => {
  const events = [known('a', 0, 100), known('b', 0, 95)];
  expect(due(events, 60)).toEqual([]);
  expect(due(events, 71)).toEqual([
    ['b', 30],
    ['a', 30],
  ]);
  const after = [...events, told('a', 30 * DAY), told('b', 30 * DAY)];
  expect(due(after, 72)).toEqual([]);
  expect(due(after, 94.5)).toEqual([
    ['b', 1],
    ['a', 7],
  ]);
});

test('of several thresholds that were passed at once the least is told, and the others never', () => {
  const events = [known('a', 0, 100)];
  expect(due(events, 99.5)).toEqual([['a', 1]]);
  expect(due([...events, told('a', DAY)], 99.6)).toEqual([]);
  // A policy that has other thresholds by now does not tell of what was told more urgently.
  expect(due([...events, told('a', 3 * DAY)], 94)).toEqual([]);
});

test('a life shorter than a threshold is told of at two thirds, not when it begins', () => {
  expect(thresholdsOf({ notBefore: iso(0), notAfter: iso(7) }, THRESHOLDS)).toEqual([DAY, Math.floor((7 * DAY) / 3)]);
  const events = [known('ci', 0, 1), known('approver', 0, 7)];
  expect(due(events, 0)).toEqual([]);
  expect(due(events, 0.6)).toEqual([]);
  expect(due(events, 0.67)).toEqual([['ci', 1 / 3]]);
  expect(due([known('approver', 0, 7)], 4.7)).toEqual([['approver', Math.floor((7 * DAY) / 3) / DAY]]);
  expect(due([known('approver', 0, 7), told('approver', Math.floor((7 * DAY) / 3))], 6.5)).toEqual([['approver', 1]]);
});

test('what lives an hour at the most is never told of: it is made for one run', () => {
  expect(due([known('fulcio', 0, 10 / 1440)], 9 / 1440)).toEqual([]);
  expect(due([known('longer', 0, 2 / 24)], 1.9 / 24)).toHaveLength(1);
});

test('what is revoked, has ended, was renewed or is being renewed is not told of', () => {
  const order = digestOf('order');
  const revoked: CertificateEvent = {
    type: 'revoked',
    at,
    serial: '61',
    digest: digestOf('a'),
    reason: 'superseded',
    by: 'ann',
    order,
  };
  expect(due([known('a', 0, 100), revoked], 99)).toEqual([]);
  expect(due([known('a', 0, 100)], 101)).toEqual([]);
  expect(due([known('a', 0, 100), known('b', 90, 200, { renews: digestOf('a') })], 99)).toEqual([]);
  const renewing = (until: number): CertificateEvent => ({
    type: 'renewing',
    at,
    digest: digestOf('a'),
    by: 'host',
    until: iso(until),
  });
  expect(due([known('a', 0, 100), renewing(99.5)], 99)).toEqual([]);
  expect(due([known('a', 0, 100), renewing(98.5)], 99)).toHaveLength(1);
});

test('a renewal that came to nothing renews nothing', () => {
  const order = digestOf('order');
  const b = known('b', 90, 200, { renews: digestOf('a') });
  const revoked: CertificateEvent = {
    type: 'revoked',
    at,
    serial: '62',
    digest: digestOf('b'),
    reason: 'keyCompromise',
    by: 'ann',
    order,
  };
  expect(due([known('a', 0, 100), b, revoked], 99)).toEqual([['a', 1]]);
});

test('a later certificate of the same authority, profile and name takes over, as each job of a pipeline gets one', () => {
  const same = { authority: 'acme', profile: 'ci' };
  const other = { authority: 'acme', profile: 'release' };
  expect(due([known('a', 0, 1, same), known('b', 0.5, 1.5, same)], 0.9)).toEqual([]);
  expect(due([known('a', 0, 1, same), known('b', 0.5, 1.5, other)], 0.9)).toEqual([['a', 1 / 3]]);
  // Of what was found nobody said that it is for the same.
  expect(due([known('a', 0, 1), known('b', 0.5, 1.5)], 0.9)).toEqual([['a', 1 / 3]]);
});

test('a serial number that was only taken is not told of', () => {
  const reserved: CertificateEvent = {
    type: 'reserved',
    at,
    serial: '01',
    authority: 'acme',
    profile: 'ci',
    key: 'a2V5',
    san: 'https://gitlab.example/a',
    issuer: 'https://gitlab.example',
    notBefore: iso(0),
    notAfter: iso(100),
    requester: 'ci',
  };
  expect(due([reserved], 99)).toEqual([]);
  // Nor does it take over from any.
  expect(due([known('a', 0, 99.5, { authority: 'acme', profile: 'ci' }), reserved], 99)).toEqual([['a', 1]]);
});
