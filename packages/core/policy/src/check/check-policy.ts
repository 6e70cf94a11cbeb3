import type { Problem } from '../problem.ts';
import { deadRules, patternsAreFew, patternsAreValid, tiersAreUsed } from './artifacts.ts';
import { attestationsCanBeJudged } from './attestations.ts';
import { auditKeysFit, auditNamesItsLog } from './audit.ts';
import { baseIsPinned, fetchedNamesNoDirectory } from './base.ts';
import { authoritiesAreSound, heldProfilesExist, profilesCanBeIssued } from './certificates.ts';
import { contradictingTimes, observationEnds, timezonesExist, windowsOpen } from './dates.ts';
import { approversAreKnown, collectorsAreNamed } from './duties.ts';
import { keysAreFollowed } from './ending-keys.ts';
import { baseIsNotRedefined, delegatedOnly, delegatesWhatItHas, layersHaveNames, localWindowsAreDelegated } from './layers.ts';
import { membersAreDistinct, rolesHavePeopleToday } from './members.ts';
import { namesAreDefined } from './names.ts';
import { keysBelongToOnePerson, sshKeysAreKeys } from './people.ts';
import { countsCanBeMet, rolesCanBeMet } from './roles.ts';
import {
  certificatesFitTheirIssuer,
  certificatesHaveTrust,
  keyReferencesAreSound,
  signersNameWorkloads,
  verifiersBuildNothing,
} from './signers.ts';
import type { Check, Subject } from './subject.ts';
import { approvalsNeedAudit, dutiesNeedCertificates, extensionsEnd, tiersAskForSignatures } from './tiers.ts';
import { nothingWeakens } from './weakening.ts';
import { signaturesAreApart, workloadsAreBounded, workloadsCanBeMet } from './workloads.ts';

const CHECKS: readonly Check[] = [
  namesAreDefined,
  baseIsPinned,
  fetchedNamesNoDirectory,
  baseIsNotRedefined,
  delegatedOnly,
  delegatesWhatItHas,
  layersHaveNames,
  localWindowsAreDelegated,
  extensionsEnd,
  nothingWeakens,
  tiersAskForSignatures,
  approvalsNeedAudit,
  attestationsCanBeJudged,
  auditNamesItsLog,
  auditKeysFit,
  dutiesNeedCertificates,
  collectorsAreNamed,
  approversAreKnown,
  observationEnds,
  windowsOpen,
  timezonesExist,
  contradictingTimes,
  keysAreFollowed,
  rolesCanBeMet,
  rolesHavePeopleToday,
  countsCanBeMet,
  membersAreDistinct,
  sshKeysAreKeys,
  keysBelongToOnePerson,
  workloadsAreBounded,
  workloadsCanBeMet,
  signaturesAreApart,
  signersNameWorkloads,
  keyReferencesAreSound,
  certificatesFitTheirIssuer,
  certificatesHaveTrust,
  authoritiesAreSound,
  profilesCanBeIssued,
  heldProfilesExist,
  verifiersBuildNothing,
  patternsAreValid,
  patternsAreFew,
  deadRules,
  tiersAreUsed,
];

/** What no schema can say of a policy: everything that is wrong, and everything that looks wrong. */
export function checkPolicy(subject: Subject): { errors: readonly Problem[]; warnings: readonly Problem[] } {
  const problems = CHECKS.flatMap((check) => [...check(subject)]);
  return {
    errors: problems.filter(({ severity }) => severity === 'error'),
    warnings: problems.filter(({ severity }) => severity === 'warning'),
  };
}
