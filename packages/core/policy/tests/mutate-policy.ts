import fc from 'fast-check';
import { rule, tier } from './arbitrary-policy.ts';

type Written = Record<string, unknown>;
type Edit = (policy: Written) => Written;

const TIERS = ['t0', 't1', 't2'] as const;

/** One edit of a policy of `arbitrary-policy.ts`: some make it stricter, some weaker, some neither. */
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc
    .tuple(rule([...TIERS], true), fc.nat(4))
    .map(([added, at]) => onRules((rules) => [...rules.slice(0, at), added, ...rules.slice(at)])),
  fc.nat(3).map((at) => onRules((rules) => (rules.length > 1 ? rules.filter((_, index) => index !== at) : rules))),
  fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => onRules((rules) => swapped(rules, a, b))),
  fc
    .tuple(fc.nat(3), rule([...TIERS], true))
    .map(([at, other]) =>
      onRules((rules) => rules.map((one, index) => (index === at ? { ...other, match: one['match'] } : one))),
    ),
  fc.tuple(fc.constantFrom(...TIERS), tier).map(([id, other]) => onTier(id, () => other)),
  fc
    .tuple(fc.constantFrom(...TIERS), tier, fc.constantFrom(...KEYS()))
    .map(([id, other, key]) => onTier(id, (one) => ({ ...one, ...(key in other ? { [key]: other[key] } : {}) }))),
  fc
    .tuple(fc.constantFrom(...TIERS), fc.constantFrom(...KEYS()))
    .map(([id, key]) => onTier(id, ({ [key]: gone, ...rest }) => (key === 'signatures' ? { ...rest, [key]: gone } : rest))),
  fc.constantFrom(...TIERS).map((id) => onTier(id, (one) => ({ ...one, signatures: ['a', 'b', 'c'] }))),
  fc.constantFrom(...TIERS).map((id) => onTier(id, ({ mode: _, until: __, ...rest }) => rest)),
  fc.boolean().map((allowed) => (policy: Written) => within(policy, 'environments', 'default', { 'allow-development': allowed })),
  fc
    .boolean()
    .map((allowed) => (policy: Written) => within(policy, 'environments', 'production', { 'allow-development': allowed })),
  fc
    .constantFrom({ 'repository-id': '2' }, { 'repository-id': '1', ref: 'refs/heads/main' }, { 'repository-id': '1' })
    .map((claims) => (policy: Written) => within(policy, 'workloads', 'ci', { issuer: 'https://ci.example', ...claims })),
  fc
    .constantFrom(['trust/a.pub'], ['trust/a.pub', 'trust/c.pub'], ['trust/c.pub'])
    .map(
      (keys) => (policy: Written) =>
        within(policy, 'signers', 'a', { keys: keys.map((file) => ({ ref: file, 'public-key': file })) }),
    ),
  fc.constant((policy: Written) => within(policy, 'environments', 'staging', {})),
);

/** Several edits, one after another. */
export const edits: fc.Arbitrary<Edit> = fc
  .array(edit, { minLength: 1, maxLength: 3 })
  .map((some) => (policy) => some.reduce((changed, one) => one(changed), policy));

function KEYS(): readonly string[] {
  return ['signatures', 'audit', 'approvals', 'approvals-expire', 'attestations', 'windows', 'freezes', 'break-glass', 'retain'];
}

function onRules(change: (rules: readonly Written[]) => readonly Written[]): Edit {
  return (policy) => ({ ...policy, artifacts: change(policy['artifacts'] as Written[]) });
}

function onTier(id: string, change: (one: Written) => Written): Edit {
  return (policy) => {
    const tiers = policy['tiers'] as Record<string, Written>;
    return { ...policy, tiers: { ...tiers, [id]: change(tiers[id] ?? {}) } };
  };
}

function within(policy: Written, section: string, id: string, value: Written): Written {
  return { ...policy, [section]: { ...(policy[section] as object), [id]: value } };
}

function swapped(rules: readonly Written[], a: number, b: number): readonly Written[] {
  const [one, other] = [rules[a], rules[b]];
  if (one === undefined || other === undefined) return rules;
  return rules.map((each, index) => (index === a ? other : index === b ? one : each));
}
