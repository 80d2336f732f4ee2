/* SPDX-License-Identifier: MIT */
/*
 * connector/lane_wallet.c -- how the wallet of a lane stands: what it has, how many answers that pays for, and whether the gateway's
 * contracts know it.
 *
 * A wallet that runs dry, or that nobody registered, is how a sender usually fails, and both can be seen before.
 */
#include "connector/lane_internal.h"
#include "base/log.h"
#include "connector/reads.h"
#include "evm/address.h"

enum { ANSWER_GAS = 400000, FEW_ANSWERS = 100 };

typedef unsigned __int128 wei;

typedef struct purse { const eth_address *us; abi_word balance; } purse;

static err ask_balance(void *ctx, jrpc *r)
{
	purse *p = ctx;
	return eth_balance(r, &p->balance, p->us);
}

/* What does not fit is more than enough. */
static wei wei_of(const abi_word *w)
{
	wei x = 0;

	for (size_t i = 0; i < ABI_WORD; i++) {
		if (i < ABI_WORD - sizeof x && w->b[i]) return ~(wei)0;
		x = x << 8 | w->b[i];
	}
	return x;
}

static uint64_t capped(wei x)
{
	return x > UINT64_MAX ? UINT64_MAX : (uint64_t)x;
}

static void say_what_is_left(lane *l, uint64_t gwei, uint64_t answers)
{
	char who[ADDRESS_TEXT];
	const bool few = answers < FEW_ANSWERS;

	address_text(who, wallet_address(l->c.wallet));
	if (few && !l->told_few)
		log_warn("the wallet %s has %ju gwei left on chain %ju, which pays for about %ju answers at the present price: send it funds", who,
		         (uintmax_t)gwei, (uintmax_t)l->c.chain_id, (uintmax_t)answers);
	if (!few && l->told_few) log_info("the wallet %s has funds again", who);
	l->told_few = few;
}

static err look_at_funds(lane *l)
{
	purse p = { .us = wallet_address(l->c.wallet) };

	TRY(providers_try(l->c.chain, ask_balance, &p));
	TRY(lane_fees(l));
	const wei all = wei_of(&p.balance), price = (wei)(l->fees.base + l->fees.tip ? l->fees.base + l->fees.tip : 1) * ANSWER_GAS;
	const uint64_t gwei = capped(all / WEI_A_GWEI), answers = capped(all / price);
	atomic_store(&l->c.tally->gwei, gwei);
	atomic_store(&l->c.tally->pays_for, answers);
	atomic_store(&l->c.tally->funds_known, true);
	say_what_is_left(l, gwei, answers);
	return OK;
}

static err look_at_registration(lane *l)
{
	const abi_word who = abi_address(wallet_address(l->c.wallet));
	char us[ADDRESS_TEXT], contract[ADDRESS_TEXT];
	chain_read r = { 0 };
	bool is = false;

	if (!l->c.registry) return OK;
	chain_read_set(&r, l->c.registry, READ_IS_KMS_SENDER, &who, 1);
	err e = chain_reads(l->c.chain, &r, 1, eth_tag("latest"));
	if (e == OK) e = call_read_bool(&is, READ_IS_KMS_SENDER, buf_slice(&r.answer));
	chain_reads_free(&r, 1);
	TRY(e);
	const lane_registered before = (lane_registered)atomic_exchange(&l->c.tally->registered, is ? LANE_REGISTERED : LANE_A_STRANGER);
	address_text(us, wallet_address(l->c.wallet));
	address_text(contract, l->c.registry);
	if (!is && before != LANE_A_STRANGER)
		log_error("the gateway's configuration %s does not know the wallet %s as one of the KMS: its answers will be refused.  Have it registered, "
		          "or correct the wallet", contract, us);
	if (is && before == LANE_A_STRANGER) log_info("the wallet %s is registered now", us);
	return OK;
}

/* What cannot be found out is no reason to stop: the next estimate will say it. */
void lane_look_after_wallet(lane *l)
{
	if (look_at_funds(l) != OK) err_clear();
	if (look_at_registration(l) != OK) err_clear();
}
