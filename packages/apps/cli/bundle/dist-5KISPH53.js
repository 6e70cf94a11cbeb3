import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);
import{require_dist}from"./chunk-4TOYLULY.js";import"./chunk-IH2QPYBS.js";export default require_dist();
