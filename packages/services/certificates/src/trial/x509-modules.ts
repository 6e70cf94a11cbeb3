// In this order: @peculiar/x509 needs the polyfill when it is loaded. Imported as a whole by name, for a bundler gives a CommonJS
// module that is imported dynamically no named exports.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { x509 };
