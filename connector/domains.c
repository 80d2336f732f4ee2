/* SPDX-License-Identifier: MIT */
/* connector/domains.c -- the domains of contracts, asked and compared. */
#include "connector/domains.h"
#include "connector/reads.h"

/* What others wrote goes into our sentence: as far as it can be printed. */
static void put_name(buf *out, slice s)
{
	for (size_t i = 0; i < s.n && i < 64; i++) buf_put_u8(out, s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?');
}

static void put_domain(buf *out, const eip712_domain *d)
{
	char contract[ADDRESS_TEXT];

	address_text(contract, &d->contract);
	buf_put_str(out, "\"");
	put_name(out, d->name);
	buf_put_str(out, "\" version \"");
	put_name(out, d->version);
	buf_put_str(out, "\" on chain ");
	/* A number of a chain fits 64 bits, or is wrong anyway. */
	uint64_t id = 0;
	for (size_t i = 0; i < ABI_WORD; i++) id = id << 8 | d->chain_id.b[i];
	buf_printf(out, "%ju at %s", (uintmax_t)id, contract);
}

static err compare(const eip712_domain *is, const eip712_domain *ours, const char *section)
{
	AUTO(buf) theirs = { 0 }, we = { 0 };

	if (slice_eq_var(is->name, ours->name) && slice_eq_var(is->version, ours->version) && !is->salted &&
	    slice_eq_var(abi_slice(&is->chain_id), abi_slice(&ours->chain_id)) && eth_address_eq_var(is->contract, ours->contract)) return OK;
	put_domain(&theirs, is);
	put_domain(&we, ours);
	return err_fail(ERR_STATE, "%s: the contract checks signatures as %s%s, and the configuration says %s: nodes' answers would be refused",
	                section, buf_str(&theirs), is->salted ? " with a salt" : "", buf_str(&we));
}

static err check_one(providers *chain, const contract_config *c, const char *section, int64_t chain_id)
{
	const eip712_domain ours = { .name = slice_str(c->domain_name), .version = slice_str(c->domain_version), .chain_id = abi_u64((uint64_t)chain_id),
	                             .contract = c->address };
	char contract[ADDRESS_TEXT];
	chain_read r = { 0 };
	eip712_domain is;

	chain_read_set(&r, &c->address, READ_DOMAIN, NULL, 0);
	err e = chain_reads(chain, &r, 1, eth_tag("latest"));
	address_text(contract, &c->address);
	if (e == ERR_REQUEST) e = OK;                        /* it refuses to say: an older contract */
	else if (e == OK && r.answer.n == 0)
		e = err_fail(ERR_STATE, "%s.address: there is no contract at %s", section, contract);
	else if (e == OK && call_read_domain(&is, buf_slice(&r.answer)) == OK) e = compare(&is, &ours, section);
	chain_reads_free(&r, 1);
	if (e == OK) err_clear();
	return e;
}

err domains_check(providers *gateway, providers *ethereum, const connector_config *c)
{
	const bool other = c->profile->host_chain;

	TRY(check_one(gateway, &c->decryption, "decryption_contract", c->gateway_chain_id));
	if (other && !ethereum) return OK;
	TRY(check_one(other ? ethereum : gateway, &c->generation, "kms_generation_contract", other ? c->ethereum_chain_id : c->gateway_chain_id));
	return other ? check_one(ethereum, &c->protocol_config, "protocol_config_contract", c->ethereum_chain_id) : OK;
}
