import { nameConstraintCases } from './name-constraint-cases.ts';
import type { PathCase } from './path-case.ts';
import { ruleCases } from './path-rule-cases.ts';

/** The table of paths for code signing: each rule of RFC 5280, 6.1, kept and broken. */
export function pathCases(): readonly PathCase[] {
  return [...ruleCases(), ...nameConstraintCases()];
}
