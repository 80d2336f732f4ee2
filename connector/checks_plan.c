/* SPDX-License-Identifier: MIT */
/* connector/checks_plan.c -- what each kind of request asks of the chains; what needs no chain is said at once. */
#include "connector/checks_internal.h"
#include "connector/ask_internal.h"

enum { HANDLE_CHAIN = 22, HANDLE_CHAIN_BYTES = 8, MAX_ALLOWED_QUESTIONS = 16384 };

static probe *add(plan *p, round *a, size_t item, const eth_address *to)
{
	ASSERT(a->n < p->most);
	if (!a->probe && arena_new(p->memory, &a->probe, p->most) != OK) {
		checks_say(&p->out[item], CHECK_ACL, CHECK_LATER, "%s", err_text());
		err_clear();
		return NULL;
	}
	probe *q = &a->probe[a->n++];
	*q = (probe){ .item = item, .kind = PROBE_YES, .otherwise = CHECK_LATER, .to = *to };
	return q;
}

static probe *add_read(plan *p, round *a, size_t item, call_read which, const eth_address *to, const abi_word *words, size_t n)
{
	probe *q = add(p, a, item, to);

	if (!q) return NULL;
	q->which = which;
	call_read_put(&q->data, which, words, n);
	return q;
}

static uint64_t chain_id_in(const abi_word *handle)
{
	uint64_t id = 0;

	for (size_t i = 0; i < HANDLE_CHAIN_BYTES; i++) id = id << 8 | handle->b[HANDLE_CHAIN + i];
	return id;
}

/* The chain that a handle names, if it is configured. */
static bool chain_of(plan *p, size_t *chain, size_t item, const abi_word *handle)
{
	const connector_config *c = p->k->c;

	for (*chain = 0; *chain < host_chains(c); ++*chain)
		if ((uint64_t)host_chain_at(c, *chain)->chain_id == chain_id_in(handle)) return true;
	checks_say(&p->out[item], CHECK_ACL, CHECK_LATER, "a handle is of a chain that host_chains does not name");
	return false;
}

static probe *ask_acl(plan *p, size_t item, call_read which, const abi_word *words, size_t n, const abi_word *handle)
{
	size_t chain;

	if (!chain_of(p, &chain, item, handle)) return NULL;
	probe *q = add_read(p, &p->host[chain], item, which, &host_chain_at(p->k->c, chain)->acl, words, n);
	if (q) q->handle = *handle;
	return q;
}

static probe *allowed(plan *p, size_t item, const abi_word *handle, const eth_address *who)
{
	const abi_word words[] = { *handle, abi_address(who) };
	return ask_acl(p, item, READ_ALLOWED, words, COUNT(words), handle);
}

static void delegated(plan *p, size_t item, const abi_word *handle, const eth_address *by, const eth_address *to, const eth_address *contract)
{
	const abi_word words[] = { abi_address(by), abi_address(to), abi_address(contract), *handle };
	ask_acl(p, item, READ_DELEGATED, words, COUNT(words), handle);
}

/* ---- the public ------------------------------------------------------------------------------------------------- */

static void plan_public(plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n)
{
	abi_word id;

	memcpy(id.b, it->id.b, sizeof id.b);
	probe *q = add_read(p, &p->gateway, item, READ_DECRYPTION_DONE, &p->k->c->decryption.address, &id, 1);
	if (q) q->kind = PROBE_NO, q->otherwise = CHECK_DONE;
	for (size_t i = 0; i < n; i++) ask_acl(p, item, READ_ALLOWED_FOR_DECRYPTION, &handles[i], 1, &handles[i]);
}

/* ---- what a user signed ----------------------------------------------------------------------------------------- */

/* Of the contract of decryptions, with the chain of the handles. */
static eip712_domain users_domain(const plan *p, uint64_t chain_id)
{
	const contract_config *gateway = &p->k->c->decryption;

	return (eip712_domain){ .name = slice_str(gateway->domain_name), .version = slice_str(gateway->domain_version), .chain_id = abi_u64(chain_id),
	                        .contract = gateway->address };
}

/* By the user's key; or the user is a contract, which is asked what it takes for its signature (ERC-1271). */
static void check_signature(plan *p, size_t item, size_t chain, const eth_address *user, const hash32 *digest, slice bytes)
{
	secp_rsig signature;
	eth_address by;

	if (bytes.n == sizeof signature.b) {
		memcpy(signature.b, bytes.p, sizeof signature.b);
		if (sign_external_by_var(&by, &signature, digest) && eth_address_eq_var(by, *user)) return;
	}
	probe *q = add(p, &p->host[chain], item, user);
	if (!q) return;
	q->kind = PROBE_SIGNATURE;
	q->gas = (uint64_t)p->k->c->worker.erc1271_gas;
	call_signature_valid(&q->data, digest, bytes);
}

/* ---- users whom the contract has checked ------------------------------------------------------------------------ */

typedef struct looking { const hash32 *tx; eth_tx *out; bool *found; arena *memory; } looking;

static err look(void *ctx, jrpc *r)
{
	looking *l = ctx;
	return eth_get_tx(r, l->out, l->found, l->memory, l->tx);
}

/* What the user signed, as the transaction has it.  The contract has checked it; but who says so is the provider that told of the request,
 * which could have put its own key in the user's place. */
static void check_what_was_signed(plan *p, size_t item, const call_user_request *asked)
{
	const eip712_domain domain = users_domain(p, asked->chain_id);
	const hash32 digest = kms712_user_request_v011(&domain, asked->public_key, asked->contract, asked->contracts,
	                                               asked->delegated ? &asked->delegator : NULL, &asked->start, &asked->days, asked->extra_data);
	size_t chain;

	if (asked->n && chain_of(p, &chain, item, &asked->pair[0].handle))
		check_signature(p, item, chain, &asked->user, &digest, asked->signature);
}

static bool names(const call_user_request *asked, const eth_address *contract)
{
	for (size_t i = 0; i < asked->contracts; i++)
		if (eth_address_eq_var(asked->contract[i], *contract)) return true;
	return false;
}

static void plan_handle(plan *p, size_t item, const call_user_request *asked, const abi_word *handle)
{
	const call_pair *pair = NULL;
	checked *out = &p->out[item];

	for (size_t j = 0; j < asked->n && !pair; j++)
		if (abi_eq_var(&asked->pair[j].handle, handle)) pair = &asked->pair[j];
	if (!pair) {
		checks_say(out, CHECK_ACL, CHECK_NEVER, "the transaction that asked for it names other handles");
	} else if (chain_id_in(handle) != asked->chain_id) {
		checks_say(out, CHECK_ACL, CHECK_NEVER, "a handle is of another chain than the contracts that the user named");
	} else if (!names(asked, &pair->contract)) {
		checks_say(out, CHECK_ACL, CHECK_NEVER, "a handle is read for a contract that the user did not name");
	} else {
		allowed(p, item, handle, asked->delegated ? &asked->delegator : &asked->user);
		allowed(p, item, handle, &pair->contract);
		if (asked->delegated) delegated(p, item, handle, &asked->delegator, &asked->user, &pair->contract);
	}
}

/* Which contract goes with each handle stands in the transaction only. */
static void plan_user(plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n)
{
	call_user_request asked;
	eth_tx tx = { 0 };
	bool found = false;
	looking l = { &it->place.tx_hash, &tx, &found, p->memory };
	checked *out = &p->out[item];

	if (p->away) {
		checks_say(out, CHECK_NETWORK, CHECK_AWAY, "the chain cannot be asked");
		return;
	}
	err e = providers_try(p->k->gateway, look, &l);
	p->away = e == ERR_IO;
	if (e != OK || !found) {
		checks_say(out, CHECK_ACL, e != OK ? CHECK_AWAY : CHECK_LATER, "the transaction that asked for it is not to be had: %s",
		           e != OK ? err_text() : "the chain does not know it");
		err_clear();
		return;
	}
	if (call_user_request_read(&asked, p->memory, tx.input) != OK) {
		checks_say(out, CHECK_ACL, CHECK_NEVER, "the transaction that asked for it is no request for a user: %s", err_text());
		err_clear();
		return;
	}
	/* Calldata of any other contract say nothing: it may have asked the gateway's for another user than they name. */
	if (tx.creates || !eth_address_eq_var(tx.to, p->k->c->decryption.address)) {
		checks_say(out, CHECK_ACL, CHECK_NEVER, "the transaction that asked for it is not to the contract of decryptions");
		return;
	}
	if (it->user.n != sizeof asked.user || memcmp(it->user.p, asked.user.b, sizeof asked.user)) {
		checks_say(out, CHECK_ACL, CHECK_NEVER, "the transaction that asked for it is for another user");
		return;
	}
	if (!slice_eq_var(it->public_key, asked.public_key) || !slice_eq_var(it->extra_data, asked.extra_data)) {
		checks_say(out, CHECK_ACL, CHECK_NEVER, "the transaction that asked for it has %s", slice_eq_var(it->public_key, asked.public_key) ?
		           "other extra data" : "another key");
		return;
	}
	check_what_was_signed(p, item, &asked);
	for (size_t i = 0; i < n; i++) plan_handle(p, item, &asked, &handles[i]);
}

/* ---- users whom nobody has checked: what they signed is all there is (RFC-016) ---------------------------------- */

typedef struct signed_request {
	eth_address user;
	const eth_address *owner, *contract, *allowed;
	size_t   n_allowed, chain;
	uint64_t chain_id;
} signed_request;

static bool addresses_of(const eth_address **out, plan *p, size_t item, const store_list *list)
{
	eth_address *all = NULL;

	if (arena_new(p->memory, &all, list->n + 1) != OK) {
		checks_say(&p->out[item], CHECK_ACL, CHECK_LATER, "%s", err_text());
		err_clear();
		return false;
	}
	for (size_t i = 0; i < list->n; i++) {
		if (list->item[i].n != sizeof all[i].b) {
			checks_say(&p->out[item], CHECK_ACL, CHECK_NEVER, "an address has %zu bytes", list->item[i].n);
			return false;
		}
		memcpy(all[i].b, list->item[i].p, sizeof all[i].b);
	}
	*out = all;
	return true;
}

static bool read_signed(signed_request *s, plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n)
{
	checked *out = &p->out[item];

	*s = (signed_request){ .n_allowed = it->allowed_contracts.n, .chain_id = chain_id_in(&handles[0]) };
	if (it->user.n != sizeof s->user || it->owners.n != n || it->contracts.n != n)
		return checks_say(out, CHECK_ACL, CHECK_NEVER, "it has %zu handles, %zu owners and %zu contracts", n, it->owners.n, it->contracts.n), false;
	memcpy(s->user.b, it->user.p, sizeof s->user.b);
	for (size_t i = 1; i < n; i++)
		if (chain_id_in(&handles[i]) != s->chain_id) return checks_say(out, CHECK_ACL, CHECK_NEVER, "its handles are of several chains"), false;
	if (s->n_allowed * n > MAX_ALLOWED_QUESTIONS)
		return checks_say(out, CHECK_ACL, CHECK_NEVER, "%zu handles and %zu allowed contracts are more than %d questions", n, s->n_allowed,
		                  MAX_ALLOWED_QUESTIONS), false;
	return addresses_of(&s->owner, p, item, &it->owners) && addresses_of(&s->contract, p, item, &it->contracts) &&
	       addresses_of(&s->allowed, p, item, &it->allowed_contracts);
}

static bool within_its_time(checked *out, const checks *k, const queue_item *it)
{
	const int64_t now = clock_unix_ms(k->clock) / 1000;

	if (it->start_s < 0 || it->duration_s < 0) return checks_say(out, CHECK_SIGNATURE, CHECK_NEVER, "its time is no time"), false;
	if (now < it->start_s) return checks_say(out, CHECK_SIGNATURE, CHECK_LATER, "its time begins in %jd s", (intmax_t)(it->start_s - now)), false;
	if (now - it->start_s > it->duration_s)
		return checks_say(out, CHECK_SIGNATURE, CHECK_NEVER, "its time ended %jd s ago", (intmax_t)(now - it->start_s - it->duration_s)), false;
	return true;
}

static void check_invalidated(plan *p, size_t item, const queue_item *it, const signed_request *s)
{
	const abi_word user = abi_address(&s->user);
	probe *q = add_read(p, &p->host[s->chain], item, READ_INVALIDATED_BEFORE, &host_chain_at(p->k->c, s->chain)->acl, &user, 1);

	if (q) q->kind = PROBE_NOT_ABOVE, q->limit = (uint64_t)it->start_s, q->otherwise = CHECK_NEVER;
}

/* One of the contracts whose values the user wanted to read must have a right to it; without any all do. */
static void check_allowed(plan *p, size_t item, const abi_word *handle, const signed_request *s)
{
	probe_group *g = NULL;

	if (s->n_allowed == 0) return;
	if (arena_new(p->memory, &g, 1) != OK) {
		checks_say(&p->out[item], CHECK_ACL, CHECK_LATER, "%s", err_text());
		err_clear();
		return;
	}
	*g = (probe_group){ .item = item, .handle = *handle };
	p->group[p->groups++] = g;
	for (size_t i = 0; i < s->n_allowed; i++) {
		probe *q = allowed(p, item, handle, &s->allowed[i]);
		if (q) q->kind = PROBE_ONE_OF, q->one_of = g;
	}
}

static void plan_signed(plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n)
{
	checked *out = &p->out[item];
	signed_request s;

	if (!read_signed(&s, p, item, it, handles, n) || !within_its_time(out, p->k, it) || !chain_of(p, &s.chain, item, &handles[0])) return;
	for (size_t i = 0; i < s.n_allowed; i++)
		if (eth_address_eq_var(s.allowed[i], s.user)) {
			checks_say(out, CHECK_SIGNATURE, CHECK_NEVER, "the user is one of the allowed contracts");
			return;
		}
	const eip712_domain domain = users_domain(p, s.chain_id);
	const hash32 digest = kms712_user_request(&domain, &s.user, it->public_key, s.allowed, s.n_allowed, (uint64_t)it->start_s,
	                                          (uint64_t)it->duration_s, it->extra_data);
	check_signature(p, item, s.chain, &s.user, &digest, it->signature);
	check_invalidated(p, item, it, &s);
	for (size_t i = 0; i < n; i++) {
		if (eth_address_eq_var(s.owner[i], s.user)) allowed(p, item, &handles[i], &s.user);
		else delegated(p, item, &handles[i], &s.owner[i], &s.user, &s.contract[i]);
		check_allowed(p, item, &handles[i], &s);
	}
}

/* ---- one request ------------------------------------------------------------------------------------------------ */

/* A public request asks the gateway once and the ACL once for each handle, a user's three times for each; a signed one asks for each
 * contract that the user allowed, too, and twice for the user. */
size_t checks_questions(const queue_item *item)
{
	const size_t n = item->materials.n ? item->materials.n : item->handles.n, more = item->rfc016 ? item->allowed_contracts.n * n : 0;
	return 2 + 3 * n + (more > MAX_ALLOWED_QUESTIONS ? 0 : more);         /* it is refused without a question */
}

void checks_plan(plan *p, size_t item, const queue_item *it, const abi_word *handles, size_t n)
{
	if (it->kind == QUEUE_PUBLIC_DECRYPTION) plan_public(p, item, it, handles, n);
	else if (it->rfc016) plan_signed(p, item, it, handles, n);
	else plan_user(p, item, it, handles, n);
}
