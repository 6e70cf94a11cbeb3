// Generated from packages/apps/cli/src/job/inputs.ts by npm run generate; changes here are lost.

/** What a step can be asked to do. */
export const COMMANDS: readonly string[] = ["plan","sign","request-approval","verify","drill"];

/** What a step can be told. */
export const INPUTS: readonly {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  /** Those it is for; all where it is absent. */
  readonly platforms?: readonly string[];
  readonly pattern?: string;
}[] = [
  {"name":"paths","type":"list","default":""},
  {"name":"environment","type":"string","default":"","pattern":"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"},
  {"name":"policy","type":"string","default":"","pattern":"[^\\u0000-\\u001f\\u007f]*"},
  {"name":"anchor","type":"string","default":""},
  {"name":"unanchored","type":"boolean","default":"false"},
  {"name":"evidence","type":"string","default":"","pattern":"[^\\u0000-\\u001f\\u007f]*"},
  {"name":"signer","type":"list","default":""},
  {"name":"release","type":"string","default":"","pattern":"[^\\u0000-\\u001f\\u007f]*"},
  {"name":"sidecars","type":"boolean","default":"true"},
  {"name":"passphrase-env","type":"string","default":"","pattern":"[A-Za-z_][A-Za-z0-9_]{0,127}"},
  {"name":"collect","type":"boolean","default":"false"},
  {"name":"attest","type":"boolean","default":"false"},
  {"name":"wait","type":"duration","default":"0s","pattern":"[0-9]{1,6}[smhd]"},
  {"name":"scenarios","type":"list","default":""},
  {"name":"artifact","type":"string","default":"","pattern":"[^\\u0000-\\u001f\\u007f]*"},
  {"name":"report-signer","type":"string","default":"","pattern":"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"},
  {"name":"reports","type":"string","default":"signwright-reports","pattern":"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*"},
  {"name":"archive","type":"boolean","default":"true","platforms":["gitlab"]},
  {"name":"comment","type":"boolean","default":"true","platforms":["gitlab"]},
  {"name":"status-check","type":"string","default":"","platforms":["gitlab"],"pattern":"[0-9]{1,12}"},
  {"name":"release-link","type":"boolean","default":"true","platforms":["gitlab"]},
];
