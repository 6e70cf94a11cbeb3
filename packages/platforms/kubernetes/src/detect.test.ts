import { expect, test } from 'vitest';
import { detectKubernetes } from './index.ts';

test('a pod is a job where a token is projected for it, and says nothing else of itself', () => {
  const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', SIGNWRIGHT_ID_TOKEN_FILE: '/var/run/secrets/tokens/token' };
  expect(detectKubernetes(environment)).toEqual({ platform: 'kubernetes', title: 'Kubernetes', identity: expect.anything() });
});

test.each([{ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, { SIGNWRIGHT_ID_TOKEN_FILE: '/token' }, {}])(
  '%j alone is none',
  (environment) => {
    expect(detectKubernetes(environment)).toBeUndefined();
  },
);
