// SPDX-License-Identifier: MIT
/* lib.mjs -- all that the scripts share, under one name. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import grpc from '@grpc/grpc-js';
import { ethers } from 'ethers';

export { assert, crypto, ethers, fs, grpc, path };
export * from './tap.mjs';
export * from './bytes.mjs';
export * from './signed.mjs';
export * from './devnet.mjs';
export * from './decryption.mjs';
