/** What we use of npm `jenkins`, in a module of its own: it is loaded when a Jenkins is first asked. */
export { default as Jenkins } from 'jenkins';
