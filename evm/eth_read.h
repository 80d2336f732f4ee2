/* SPDX-License-Identifier: MIT */
/* evm/eth_read.h -- members of answers: numbers and bytes as hexadecimal text.  False: it is not that. */
#ifndef ARCA_EVM_ETH_READ_H
#define ARCA_EVM_ETH_READ_H

#include <jansson.h>
#include "evm/eth.h"

bool eth_read_number(uint64_t *out, const json_t *j);                  /* "0x1f" */
bool eth_read_word(abi_word *out, const json_t *j);                    /* a number of up to 256 bits */
bool eth_read_fixed(uint8_t *out, size_t n, const json_t *j);          /* exactly n bytes */
bool eth_read_bytes(buf *out, size_t most, const json_t *j);
bool eth_read_bytes_in(slice *out, arena *a, size_t most, const json_t *j);

bool eth_read_block(eth_block *out, const json_t *j);
bool eth_read_receipt(eth_receipt *out, const json_t *j);
bool eth_read_log(evm_log *out, arena *a, const json_t *j);
bool eth_read_tx(eth_tx *out, arena *a, const json_t *j);

#endif
