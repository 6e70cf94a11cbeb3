import type { Requirement, WindowRule } from '@signwright/signing-core';
import type { Demands, WindowDemand } from '../demands.ts';
import type { Policy } from '../policy.ts';
import { instantOf } from '../values/instant.ts';

/**
 * The requirements that follow from demands once those of all rules are united: vendors, approvals, separated duties, attestations,
 * windows, freezes. A record, and signatures, are demanded by each layer for itself.
 *
 * @param layerOf the layer that asks for a requirement, by its id.
 */
export function deriveRequirements(policy: Policy, demands: Demands, layerOf: (id: string) => string): Requirement[] {
  const at = (id: string, waivable: boolean) => ({ id, layer: layerOf(id), waivable });
  const { approvalsExpire, separationOfDuties, windows, freezes } = demands;
  const expire = approvalsExpire === undefined ? {} : { expire: approvalsExpire };
  const notBefore = policy.invalidateBefore === undefined ? {} : { notBefore: policy.invalidateBefore };
  return [
    ...demands.vendors.map(({ id }): Requirement => {
      const vendor = policy.vendors.get(id);
      if (vendor === undefined) throw new TypeError(`a policy with an undefined identity ${id}`);
      return { ...at(`vendor:${id}`, false), type: 'vendor', identity: vendor.rule };
    }),
    ...demands.approvals.map(({ role: id, count, kind, document }): Requirement => {
      const role = policy.roles.get(id);
      if (role === undefined) throw new TypeError(`a policy with an undefined role ${id}`);
      const of = document === undefined ? '' : `:document:${document}`;
      const name = `approval:${id}${kind === 'platform' ? ':platform' : ''}${of}`;
      return { ...at(name, true), type: 'approval', role, count, kind, ...expire, ...notBefore, collectors: policy.collectors };
    }),
    ...(separationOfDuties.length === 0
      ? []
      : [
          {
            ...at('separation-of-duties', false),
            type: 'duties',
            apart: separationOfDuties,
            collectors: policy.collectors,
          } as const,
        ]),
    ...demands.attestations.map(({ type, by, maxAge, format, failOn, builder, source }): Requirement => {
      const signer = policy.signers.get(by)?.rule;
      if (signer === undefined) throw new TypeError(`a policy with an undefined signer ${by}`);
      const conditions = {
        ...(format && { format }),
        ...(failOn && { failOn }),
        ...(builder && { builder }),
        ...(source && { source }),
      };
      const name = [
        'attestation',
        type,
        by,
        ...(format ?? []),
        ...(builder ? [`builder=${plain(builder)}`] : []),
        ...(source ? [`source=${plain(source)}`] : []),
      ].join(':');
      return {
        ...at(name, true),
        type: 'attestation',
        attests: type,
        signer,
        conditions,
        ...(maxAge === undefined ? {} : { maxAge }),
      };
    }),
    ...(windows.length === 0
      ? []
      : [{ ...at('window', true), type: 'window', all: windows.map((list) => list.map(windowRule)) } as const]),
    ...(freezes.length === 0
      ? []
      : [
          {
            ...at('freeze', true),
            type: 'freeze',
            freezes: freezes.map(({ from, until, reason }) => ({
              from: instantOf(from),
              until: instantOf(until),
              ...(reason === undefined ? {} : { reason }),
            })),
          } as const,
        ]),
  ];
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** A window as it is decided by. A range of days that ends before it begins goes over the weekend: `fri-mon`. */
function windowRule({ days, from, to, timezone }: WindowDemand): WindowRule {
  const listed = days.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map((day) => DAYS.indexOf(day)) as [number, number?];
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, step) => (first + step) % 7);
  });
  return { days: [...new Set(listed)].sort((a, b) => a - b), from: minutesOf(from), to: minutesOf(to), timezone };
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** A pattern within an id: what separates its parts is written otherwise, so that no two demands share an id. */
function plain(pattern: string): string {
  return pattern.replace(/[%:=]/g, encodeURIComponent);
}
