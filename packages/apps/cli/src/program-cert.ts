import type { Command } from 'commander';
import type { Run } from './context/run.ts';
import { addCertInventory } from './program-cert-inventory.ts';
import type { Finish } from './program-parts.ts';

/** The commands about certificates. */
export function addCert(cert: Command, finish: Finish, run: Run): void {
  addCertInventory(cert, finish, run);
}
