export { detectJenkins } from './detect.ts';
