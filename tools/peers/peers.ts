/** A real program that tests hold ours against, at the version they were written for. */
export type Peer = {
  readonly name: string /** Arguments that prove it runs, with exit code 0; `undefined` where a program knows none that start nothing. */;
  readonly proof: readonly string[] | undefined;
} & (
  | {
      readonly kind: 'go';
      readonly version: string /** What `go install` builds: a main package of a module. */;
      readonly module: string;
    }
  | {
      readonly kind: 'go-source' /** A folder beside this file with a main package and its `go.mod` and `go.sum`; see {@link sourceVersion}. */;
      readonly folder: string;
    }
  | {
      readonly kind: 'python';
      readonly version: string /** What `python -m` runs; it and all that it needs are pinned in `requirements/NAME.txt`. */;
      readonly module: string;
    }
  | {
      readonly kind: 'npm';
      readonly version: string /** Its package and all that it needs are pinned in `npm/NAME/package-lock.json`; npm must link a program of its name. */;
    }
  | {
      readonly kind: 'debian' /** Its package; the machine's own program is used where there is one. */;
      readonly package: string /** Whether it would start a daemon of its own when it is installed: it is kept from that. */;
      readonly daemon?: true;
    }
);

/** Every peer a test uses, and none besides. */
export const PEERS = [
  { name: 'cosign', kind: 'go', version: 'v3.1.3', module: 'github.com/sigstore/cosign/v3/cmd/cosign', proof: ['version'] },
  {
    name: 'timestamp-server',
    kind: 'go',
    version: 'v2.1.0',
    module: 'github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server',
    proof: ['version'],
  },
  { name: 'openssl', kind: 'debian', package: 'openssl', proof: ['version'] },
  // Kills a program, or fails it, at the n-th of its system calls.
  { name: 'strace', kind: 'debian', package: 'strace', proof: ['-V'] },
  // Comes with ssh-keygen and ssh-add, which have no arguments to prove themselves by.
  { name: 'ssh-agent', kind: 'debian', package: 'openssh-client', proof: ['true'] },
  { name: 'sshd', kind: 'debian', package: 'openssh-server', daemon: true, proof: undefined },
  // A PKCS#11 token in software; its library is what we sign through.
  { name: 'softhsm2-util', kind: 'debian', package: 'softhsm2', proof: ['--version'] },
  // Tessera's own check of a log, its POSIX personality and its load generator.
  { name: 'fsck', kind: 'go', version: 'v1.0.4', module: 'github.com/transparency-dev/tessera/cmd/fsck', proof: ['--help'] },
  {
    name: 'posix',
    kind: 'go',
    version: 'v1.0.4',
    module: 'github.com/transparency-dev/tessera/cmd/conformance/posix',
    proof: ['--help'],
  },
  {
    name: 'hammer',
    kind: 'go',
    version: 'v1.0.4',
    module: 'github.com/transparency-dev/tessera/internal/hammer',
    proof: ['--help'],
  },
  // Our own few lines around golang.org/x/mod/sumdb and transparency-dev/formats, which are libraries.
  { name: 'logcheck', kind: 'go-source', folder: 'go/logcheck', proof: ['version'] },
  // What speaks S3: a server that stores, and a simulation of Amazon's.
  {
    name: 'minio',
    kind: 'go',
    version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
    module: 'github.com/minio/minio',
    proof: ['--version'],
  },
  // Certificate authorities that certify the workload of an ID token.
  { name: 'fulcio', kind: 'go', version: 'v1.8.8', module: 'github.com/sigstore/fulcio', proof: ['version'] },
  {
    name: 'step-ca',
    kind: 'go',
    version: 'v0.30.2',
    module: 'github.com/smallstep/certificates/cmd/step-ca',
    proof: ['version'],
  },
  { name: 'moto_server', kind: 'python', version: '5.2.5', module: 'moto.server', proof: ['--help'] },
  // Runs a GitLab pipeline's jobs on this machine; it copies the working tree by rsync.
  { name: 'gitlab-ci-local', kind: 'npm', version: '4.75.1', proof: ['--version'] },
  { name: 'rsync', kind: 'debian', package: 'rsync', proof: ['--version'] },
  // Has the schema of GitLab's pipelines with it.
  { name: 'check-jsonschema', kind: 'python', version: '0.39.0', module: 'check_jsonschema', proof: ['--version'] },
  // Runs a GitHub workflow's jobs on this machine.
  { name: 'act', kind: 'go', version: 'v0.2.89', module: 'github.com/nektos/act', proof: ['--version'] },
  // Builds what the Azure DevOps marketplace takes.
  { name: 'tfx', kind: 'npm', version: '0.23.1', proof: ['version'] },
  // Groovy: its linter, and what the Jenkins library's tests are built and run by.
  { name: 'npm-groovy-lint', kind: 'npm', version: '18.0.0', proof: ['--version'] },
  { name: 'java', kind: 'debian', package: 'default-jdk-headless', proof: ['-version'] },
  { name: 'mvn', kind: 'debian', package: 'maven', proof: ['--version'] },
] as const satisfies readonly Peer[];

export type PeerName = (typeof PEERS)[number]['name'];

/** `cosign v3.1.3`, as people say it. */
export function titleOf(peer: Peer): string {
  return 'version' in peer ? `${peer.name} ${peer.version}` : peer.name;
}
