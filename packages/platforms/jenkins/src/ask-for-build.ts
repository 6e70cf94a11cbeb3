/** A question about a build. */
export type BuildQuestion = {
  /** The names of the folders and of the job. */
  readonly name: readonly string[];
  readonly number: string;
  /** Which fields are asked for, as Jenkins takes them (`?tree=`). */
  readonly tree: string;
};

/**
 * Reads a build through npm `jenkins`, which knows how Jenkins is asked, by a sender of ours. Its own way to send is not used: it bounds
 * no answer, and its errors carry the answer. It is given no credentials, and ends before it would open a connection.
 *
 * @param base the address of Jenkins, without a slash at its end.
 * @param send asks for this path and query, below `base`. @returns what `send` does. @throws what `send` throws.
 */
export async function askForBuild<T>(base: string, question: BuildQuestion, send: (path: string) => Promise<T>): Promise<T> {
  const { Jenkins } = await import('./npm-jenkins.ts');
  const client = new Jenkins({ baseUrl: base, crumbIssuer: false });
  const below = new URL(base).pathname.replace(/\/$/, '').length;
  client._ext('onRequest', ({ req: { path } }, next) => {
    const end = (value: unknown): void => next(false, value);
    send(path.slice(below)).then(end, end);
  });
  return (await client.build.get(question)) as T;
}
