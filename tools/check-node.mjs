// Scripts run on the Node 24 that npm installed into node_modules/.bin; this says so where they do not.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major !== 24 || minor < 18) {
  console.error(
    `This workspace's scripts need Node 24.18 or newer of line 24 and run on ${process.versions.node}. ` +
      'Run them with "npm run" after "npm ci" (without --omit=optional); where npm has no Node 24 for your platform, install one.',
  );
  process.exit(1);
}
