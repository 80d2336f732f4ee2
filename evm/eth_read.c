/* SPDX-License-Identifier: MIT */
/* evm/eth_read.c -- numbers without bounds on leading zeros, bytes of exact or bounded length. */
#include "evm/eth_read.h"
#include "base/hex.h"

static slice digits_of(const json_t *j)
{
	slice s = { 0 };
	if (json_is_string(j)) s = slice_of(json_string_value(j), json_string_length(j));
	if (s.n < 2 || s.p[0] != '0' || s.p[1] != 'x') return (slice){ 0 };
	return slice_of(s.p + 2, s.n - 2);
}

bool eth_read_word(abi_word *out, const json_t *j)
{
	slice d = digits_of(j);
	char even[2 * ABI_WORD];
	abi_word w;

	if (!d.p || d.n == 0) return false;
	while (d.n > sizeof even && d.p[0] == '0') d.p++, d.n--;
	if (d.n > sizeof even) return false;
	memset(even, '0', sizeof even);
	memcpy(even + sizeof even - d.n, d.p, d.n);
	if (!hex_read(w.b, sizeof w.b, slice_of(even, sizeof even))) return false;
	*out = w;
	return true;
}

bool eth_read_number(uint64_t *out, const json_t *j)
{
	abi_word w;
	uint64_t x;

	if (!eth_read_word(&w, j) || !abi_fits_u64(&x, &w)) return false;
	*out = x;
	return true;
}

bool eth_read_fixed(uint8_t *out, size_t n, const json_t *j)
{
	const slice d = digits_of(j);
	return d.p && d.n == 2 * n && hex_read(out, n, d);
}

bool eth_read_bytes(buf *out, size_t most, const json_t *j)
{
	const slice d = digits_of(j);
	return d.p && d.n / 2 <= most && (d.n == 0 || hex_read_all(out, d));
}

bool eth_read_bytes_in(slice *out, arena *a, size_t most, const json_t *j)
{
	const slice d = digits_of(j);
	const size_t n = d.n / 2;

	*out = (slice){ 0 };
	if (!d.p || n > most || d.n % 2) return false;
	if (n == 0) return true;
	uint8_t *p = arena_try(a, n);
	if (!p || !hex_read(p, n, d)) return false;
	*out = slice_of(p, n);
	return true;
}

static bool optional_number(uint64_t *out, const json_t *j)
{
	*out = 0;
	return !j || json_is_null(j) || eth_read_number(out, j);
}

bool eth_read_block(eth_block *out, const json_t *j)
{
	eth_block b = { 0 };

	if (!eth_read_number(&b.number, json_object_get(j, "number")) ||
	    !eth_read_number(&b.timestamp, json_object_get(j, "timestamp")) ||
	    !eth_read_fixed(b.hash.b, sizeof b.hash.b, json_object_get(j, "hash")) ||
	    !eth_read_fixed(b.parent.b, sizeof b.parent.b, json_object_get(j, "parentHash")) ||
	    !optional_number(&b.base_fee, json_object_get(j, "baseFeePerGas"))) return false;
	*out = b;
	return true;
}

bool eth_read_receipt(eth_receipt *out, const json_t *j)
{
	eth_receipt r = { 0 };
	uint64_t status;

	if (!eth_read_fixed(r.tx.b, sizeof r.tx.b, json_object_get(j, "transactionHash")) ||
	    !eth_read_fixed(r.block_hash.b, sizeof r.block_hash.b, json_object_get(j, "blockHash")) ||
	    !eth_read_number(&r.block, json_object_get(j, "blockNumber")) ||
	    !eth_read_number(&status, json_object_get(j, "status")) || status > 1 ||
	    !optional_number(&r.gas_used, json_object_get(j, "gasUsed")) ||
	    !optional_number(&r.price, json_object_get(j, "effectiveGasPrice"))) return false;
	r.ok = status == 1;
	*out = r;
	return true;
}

static bool read_topics(evm_log *out, const json_t *j)
{
	const size_t n = json_array_size(j);

	if (!json_is_array(j) || n > MAX_LOG_TOPICS) return false;
	for (size_t i = 0; i < n; i++)
		if (!eth_read_fixed(out->topic[i].b, sizeof out->topic[i].b, json_array_get(j, i))) return false;
	out->n_topics = (unsigned)n;
	return true;
}

bool eth_read_log(evm_log *out, arena *a, const json_t *j)
{
	evm_log l = { .removed = json_is_true(json_object_get(j, "removed")) };

	if (!eth_read_fixed(l.address.b, sizeof l.address.b, json_object_get(j, "address")) ||
	    !read_topics(&l, json_object_get(j, "topics")) ||
	    !eth_read_bytes_in(&l.data, a, MAX_ETH_CALLDATA, json_object_get(j, "data")) ||
	    !eth_read_number(&l.block, json_object_get(j, "blockNumber")) ||
	    !eth_read_number(&l.index, json_object_get(j, "logIndex")) || l.index > UINT32_MAX ||
	    !eth_read_fixed(l.block_hash.b, sizeof l.block_hash.b, json_object_get(j, "blockHash")) ||
	    !eth_read_fixed(l.tx.b, sizeof l.tx.b, json_object_get(j, "transactionHash"))) return false;
	*out = l;
	return true;
}

bool eth_read_tx(eth_tx *out, arena *a, const json_t *j)
{
	const json_t *to = json_object_get(j, "to"), *block = json_object_get(j, "blockNumber");
	eth_tx t = { .creates = !to || json_is_null(to), .mined = block && !json_is_null(block) };

	if (!eth_read_fixed(t.from.b, sizeof t.from.b, json_object_get(j, "from")) ||
	    (!t.creates && !eth_read_fixed(t.to.b, sizeof t.to.b, to)) ||
	    !eth_read_number(&t.nonce, json_object_get(j, "nonce")) ||
	    !optional_number(&t.block, block) ||
	    !eth_read_bytes_in(&t.input, a, MAX_ETH_CALLDATA, json_object_get(j, "input"))) return false;
	*out = t;
	return true;
}
