/* SPDX-License-Identifier: MIT */
/*
 * tfhers/fhe_type.h -- the types of encrypted values, by the numbers of gRPC requests and of chains.
 *
 * These are the types that a KMS decrypts: bool, uint8 to uint256, address.  A value of `bits` bits is
 * bits / 2 blocks, a bool one block.
 */
#ifndef ARCA_TFHERS_FHE_TYPE_H
#define ARCA_TFHERS_FHE_TYPE_H

#include "base/base.h"

typedef struct fhe_type {
	const char *name;               /* as on the command line: "uint8", "address" */
	int      number;
	unsigned bits, blocks, bytes;   /* bytes: of the little-endian plaintext */
} fhe_type;

enum { FHE_BOOL = 0, FHE_UINT8 = 2, FHE_UINT16 = 3, FHE_UINT32 = 4, FHE_UINT64 = 5, FHE_UINT128 = 6, FHE_ADDRESS = 7,
       FHE_UINT256 = 8, FHE_MAX_BYTES = 32 };

/* NULL for a type that is not decrypted here.  "uint160" is another name of "address". */
const fhe_type *fhe_type_by_number_var(int number);
const fhe_type *fhe_type_by_name_var(slice name);

/* The type of a value of that many blocks, which are boolean or not; NULL if there is none. */
const fhe_type *fhe_type_by_blocks_var(bool boolean, size_t blocks);

#endif
