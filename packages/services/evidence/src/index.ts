export { createEvidenceStore } from './evidence-store.ts';
