/** What is used of npm `jenkins` 1.1.0, which has no types. */
declare module 'jenkins' {
  /** A request as it is shaped, before it is sent. */
  type Shaped = { readonly req: { readonly method: string; readonly path: string } };

  class Jenkins {
    constructor(options: { readonly baseUrl: string; readonly crumbIssuer: false });
    readonly build: {
      get(options: { readonly name: readonly string[]; readonly number: string; readonly tree: string }): Promise<unknown>;
    };
    /** papi's extensions: `next(false, value)` ends the request with this value, and rejects with it where it is an Error. */
    _ext(event: 'onRequest', extension: (shaped: Shaped, next: (stop: false, value: unknown) => void) => void): void;
  }
  export default Jenkins;
}
