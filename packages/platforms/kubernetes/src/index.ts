export { detectKubernetes } from './detect.ts';
