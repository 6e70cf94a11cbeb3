export { detectGithub } from './detect.ts';
