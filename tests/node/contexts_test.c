/* SPDX-License-Identifier: MIT */
/* Contexts and epochs: what there can be, what stays after a stop, and who may destroy what. */
#include "base/file.h"
#include "base/hex.h"
#include "node/epochs.h"
#include "node/used_sids.h"
#include "rpc/certs.h"
#include "tests/vault/folder.h"

enum { N = 4 };

static certs_pair ca[N + 1];
static const char *const NAMES[N + 1] = { "", "one", "two", "three", "four" };
static const own_identity OWN = { {{ 2, 2, 2 }}, "two" };

static int make_cas(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= N; i++)
		if (certs_make_ca(&ca[i], NAMES[i], 10, clock_system()) != OK) return -1;
	return 0;
}

static int drop_cas(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= N; i++) certs_pair_free(&ca[i]);
	return 0;
}

typedef struct world { vault *v; contexts *k; epochs *e; node_config c; } world;

static void write_pem(void **state, unsigned i)
{
	char name[32];
	snprintf(name, sizeof name, "ca%u", i);
	assert_ok(file_write_atomic(below(state, name), buf_slice(&ca[i].certificate_pem), 0600));
}

static void read_config(node_config *c, void **state, bool peers, unsigned my_id)
{
	char *const nothing[] = { NULL };
	buf text = { 0 };

	buf_printf(&text, "[public_vault.storage.file]\npath = \"/a\"\n[private_vault.storage.file]\npath = \"/b\"\n"
	           "[threshold]\nthreshold = 1\nmy_id = %u\n[threshold.tls.manual]\ncert = \"x\"\nkey = \"y\"\n", my_id);
	for (unsigned i = 1; peers && i <= N; i++) {
		write_pem(state, i);
		buf_printf(&text, "[[threshold.peers]]\nparty_id = %u\naddress = \"127.0.0.1\"\nport = %u\nmpc_identity = \"%s\"\n"
		           "tls_cert.path = \"%s/ca%u\"\n", i, 5000 + i, NAMES[i], (const char *)*state, i);
	}
	assert_ok(node_config_read(c, "node.toml", buf_slice(&text), nothing));
	buf_free(&text);
}

static err open_with(world *w, void **state, bool peers, unsigned my_id, const own_identity *own)
{
	*w = (world){ 0 };
	assert_ok(vault_open(&w->v, below(state, "PUB"), below(state, "PRIV")));
	read_config(&w->c, state, peers, my_id);
	TRY(contexts_open(&w->k, w->v, &w->c, own));
	return epochs_open(&w->e, w->v, w->k);
}

static err open_world(world *w, void **state) { return open_with(w, state, true, 0, &OWN); }

static void close_world(world *w)
{
	epochs_free(&w->e);
	contexts_free(&w->k);
	vault_free(&w->v);
	node_config_free(&w->c);
}

/* A context in which this node is party 2, by its signer. */
typedef struct sample { node_info node[16]; context_info info; } sample;

static void make_sample(sample *x, uint8_t last, size_t n, unsigned t)
{
	static char name[16][8], url[16][32];
	static uint8_t address[16][20];

	for (size_t i = 0; i < n; i++) {
		snprintf(name[i], sizeof name[i], "%s", i < N ? NAMES[i + 1] : "");
		if (i >= N) snprintf(name[i], sizeof name[i], "n%zu", i);
		snprintf(url[i], sizeof url[i], "https://[::1]:%zu", 6000 + i);
		memset(address[i], 0, 20), memset(address[i], (int)i + 1, 3);
		x->node[i] = (node_info){ .mpc_identity = slice_str(name[i]), .external_url = slice_str(url[i]), .party_id = (uint32_t)i + 1,
		                          .has_ca_cert = i < N, .ca_cert = buf_slice(&ca[i < N ? i + 1 : 1].certificate_pem), .digests = 1,
		                          .digest = { { 0, slice_of(address[i], 20) } } };
		if (i >= N) x->node[i].ca_cert = (slice){ 0 };
	}
	x->info = (context_info){ .id = {{ 7, [31] = last }}, .version = { .major = 1 }, .threshold = t, .nodes = n, .node = x->node };
}

/* ---- contexts ------------------------------------------------------------------------------------------------- */

static void the_default_context_is_made_of_the_peers(void **state)
{
	world w;
	const mpc_context *c;

	assert_ok(open_world(&w, state));
	assert_ok(contexts_find(&c, w.k, &ID_DEFAULT_CONTEXT));
	assert_true(c->n == 4 && c->t == 1 && c->me == 2 && c->configured);
	assert_string_equal(c->member[3].identity, "three");
	assert_string_equal(c->member[3].host, "127.0.0.1");
	assert_int_equal(c->member[3].port, 5003);
	assert_true(slice_eq_var(c->member[4].ca_pem, buf_slice(&ca[4].certificate_pem)));
	assert_err(ERR_STATE, contexts_remove(w.k, &ID_DEFAULT_CONTEXT));
	close_world(&w);
}

static void who_this_node_is_must_be_clear(void **state)
{
	world w;
	const own_identity stranger = { OWN.signer, "five" };

	assert_int_equal(open_with(&w, state, true, 0, &stranger), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "five"));
	close_world(&w);
	assert_int_equal(open_with(&w, state, true, 3, &OWN), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "three"));
	close_world(&w);
	err_clear();
	assert_ok(open_with(&w, state, true, 2, &OWN));
	close_world(&w);
}

static void a_context_that_was_made_is_there_after_a_stop(void **state)
{
	sample x;
	world w;
	const mpc_context *c;

	make_sample(&x, 9, 4, 1);
	assert_ok(open_world(&w, state));
	assert_err(ERR_NOT_FOUND, contexts_find(&c, w.k, &x.info.id));
	assert_ok(contexts_add(&c, w.k, &x.info));
	assert_int_equal(c->me, 2);
	assert_err(ERR_EXISTS, contexts_add(&c, w.k, &x.info));
	close_world(&w);
	assert_ok(open_world(&w, state));
	assert_int_equal(contexts_count(w.k), 2);
	assert_ok(contexts_find(&c, w.k, &x.info.id));
	assert_true(c->n == 4 && c->me == 2 && !c->configured);
	assert_string_equal(c->member[1].host, "::1");
	assert_ok(contexts_remove(w.k, &x.info.id));
	assert_err(ERR_NOT_FOUND, contexts_find(&c, w.k, &x.info.id));
	assert_err(ERR_NOT_FOUND, contexts_remove(w.k, &x.info.id));
	close_world(&w);
	assert_ok(open_world(&w, state));
	assert_int_equal(contexts_count(w.k), 1);
	close_world(&w);
}

static void a_node_that_is_not_in_a_context_keeps_it_all_the_same(void **state)
{
	sample x;
	world w;
	const mpc_context *c;
	const own_identity stranger = { {{ 99 }}, "two" };

	make_sample(&x, 9, 4, 1);
	assert_ok(open_with(&w, state, false, 0, &stranger));
	assert_ok(contexts_add(&c, w.k, &x.info));
	assert_int_equal(c->me, 0);
	assert_err(ERR_STATE, contexts_remove(w.k, &x.info.id));       /* the only one */
	close_world(&w);
}

static void context_refused(contexts *k, sample *x, const char *part)
{
	const mpc_context *c;

	assert_int_equal(contexts_add(&c, k, &x->info), ERR_REQUEST);
	if (!strstr(err_text(), part)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), part));
	err_clear();
}

static void contexts_that_cannot_be_are_refused(void **state)
{
	static const uint8_t OTHER[32] = { 1 };
	sample x;
	world w;

	assert_ok(open_world(&w, state));
	make_sample(&x, 9, 4, 1), x.node[2].party_id = 5, context_refused(w.k, &x, "party_id is 5");
	make_sample(&x, 9, 4, 1), x.node[2].party_id = 0, context_refused(w.k, &x, "party_id is 0");
	make_sample(&x, 9, 4, 1), x.node[2].party_id = 1, context_refused(w.k, &x, "party_id 1 stands twice");
	make_sample(&x, 9, 4, 1), x.node[2].mpc_identity = slice_str("one"), context_refused(w.k, &x, "mpc_identity");
	make_sample(&x, 9, 4, 1), x.node[2].mpc_identity = slice_str("a b"), context_refused(w.k, &x, "mpc_identity");
	make_sample(&x, 9, 4, 1), x.node[2].external_url = slice_str("host:1"), context_refused(w.k, &x, "external_url");
	make_sample(&x, 9, 4, 1), x.node[2].external_url = slice_str("https://host"), context_refused(w.k, &x, "external_url");
	make_sample(&x, 9, 4, 1), x.node[2].ca_cert = slice_str("PEM"), context_refused(w.k, &x, "ca_cert");
	make_sample(&x, 9, 4, 1), x.node[2].digest[0].digest.n = 19, context_refused(w.k, &x, "19 bytes");
	make_sample(&x, 9, 4, 1), x.node[2].digest[0].scheme = 5, context_refused(w.k, &x, "5 is no scheme");
	make_sample(&x, 9, 4, 1), x.node[2].digest[1] = (scheme_digest){ 0, slice_of(OTHER, 20) }, x.node[2].digests = 2;
	context_refused(w.k, &x, "scheme 0 stands twice");
	make_sample(&x, 9, 4, 0), context_refused(w.k, &x, "threshold is 0");
	make_sample(&x, 9, 4, 2), context_refused(w.k, &x, "threshold is 2 with 4 nodes");
	make_sample(&x, 9, 3, 1), context_refused(w.k, &x, "threshold is 1 with 3 nodes");
	make_sample(&x, 9, 0, 0), context_refused(w.k, &x, "threshold is 0");
	/* By its signer this node is party 3, but its certificate is for another name. */
	make_sample(&x, 9, 4, 1);
	static uint8_t mine[20] = { 2, 2, 2 }, other[20] = { 50 };
	x.node[2].digest[0].digest = slice_of(mine, 20), x.node[1].digest[0].digest = slice_of(other, 20);
	context_refused(w.k, &x, "its certificate is for two");
	assert_int_equal(contexts_count(w.k), 1);
	close_world(&w);
}

/* n >= 3 t + 1, not only n = 3 t + 1. */
static void a_cluster_may_have_more_parties_than_it_must(void **state)
{
	sample x;
	world w;
	const mpc_context *c;

	assert_ok(open_world(&w, state));
	make_sample(&x, 9, 5, 1);
	assert_ok(contexts_add(&c, w.k, &x.info));
	make_sample(&x, 10, 7, 2);
	assert_ok(contexts_add(&c, w.k, &x.info));
	make_sample(&x, 11, 13, 4);
	assert_ok(contexts_add(&c, w.k, &x.info));
	close_world(&w);
}

static void a_stored_context_that_was_changed_is_an_error(void **state)
{
	sample x;
	world w;
	const mpc_context *c;
	char path[700], id[ID_TEXT];
	buf file = { 0 };

	make_sample(&x, 9, 4, 1);
	assert_ok(open_world(&w, state));
	assert_ok(contexts_add(&c, w.k, &x.info));
	close_world(&w);
	id_text(id, &x.info.id);
	snprintf(path, sizeof path, "%s/PRIV/Context/%s", (const char *)*state, id);
	assert_ok(file_read(&file, path, 1 << 20));
	file.n--;
	assert_ok(file_write_atomic(path, buf_slice(&file), 0600));
	assert_int_equal(open_world(&w, state), ERR_STATE);
	assert_non_null(strstr(err_text(), id));
	err_clear();
	close_world(&w);
	buf_free(&file);
}

static void endpoints_are_read(void **state)
{
	(void)state;
	static const char *const WRONG[] = { "", "host:1", "://host:1", "https://:1", "https://host", "https://host:", "https://host:0",
		"https://host:65536", "https://host:1x", "https://[::1:1", "https://host:-1", "https://host: 1" };
	char host[MAX_HOST + 1];
	unsigned port;

	assert_true(endpoint_parse(host, &port, slice_str("https://node1.example:50001")));
	assert_string_equal(host, "node1.example");
	assert_int_equal(port, 50001);
	assert_true(endpoint_parse(host, &port, slice_str("grpc://[2001:db8::1]:7/path")));
	assert_string_equal(host, "2001:db8::1");
	assert_int_equal(port, 7);
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_false(endpoint_parse(host, &port, slice_str(WRONG[i])));
}

/* ---- epochs --------------------------------------------------------------------------------------------------- */

static const uint8_t KEYS[3][PRSS_KEY] = { { 1 }, { 2 }, { 3 } };

static epoch_data made(uint8_t last)
{
	return (epoch_data){ {{ 8, [31] = last }}, ID_DEFAULT_CONTEXT, 4, 1, 4, 2, 5, 3, KEYS };
}

static const mpc_context *default_context(world *w)
{
	const mpc_context *c;
	assert_ok(contexts_find(&c, w->k, &ID_DEFAULT_CONTEXT));
	return c;
}

static void live_epoch(world *w, uint8_t last)
{
	const epoch_data d = made(last);
	assert_ok(epochs_begin(w->e, &d.epoch_id, default_context(w)));
	assert_ok(epochs_finish(w->e, &d, default_context(w)));
}

static void an_epoch_that_was_set_up_is_there_after_a_stop(void **state)
{
	world w;
	const epoch *x;
	const id32 one = {{ 8, [31] = 1 }};

	assert_ok(open_world(&w, state));
	assert_err(ERR_NOT_FOUND, epochs_hold(&x, w.e, &one, NULL));
	live_epoch(&w, 1);
	close_world(&w);
	assert_ok(open_world(&w, state));
	assert_int_equal(epochs_count(w.e), 1);
	assert_ok(epochs_hold(&x, w.e, &one, &ID_DEFAULT_CONTEXT));
	assert_true(x->d == 4 && x->context->me == 2 && x->created_ms == 5);
	assert_int_equal(prss_held(x->masks), 3);
	epochs_release(w.e, &x);
	assert_null(x);
	assert_err(ERR_NOT_FOUND, epochs_hold(&x, w.e, &one, &one));
	close_world(&w);
}

static void ids_of_epochs_grow(void **state)
{
	world w;
	const id32 four = {{ 8, [31] = 4 }}, five = {{ 8, [31] = 5 }}, large = {{ 8, [1] = 1 }}, above = {{ 8, [31] = 200 }};

	assert_ok(open_world(&w, state));
	live_epoch(&w, 5);
	assert_err(ERR_REQUEST, epochs_begin(w.e, &four, default_context(&w)));
	assert_err(ERR_EXISTS, epochs_begin(w.e, &five, default_context(&w)));
	assert_ok(epochs_begin(w.e, &above, default_context(&w)));
	assert_ok(epochs_begin(w.e, &large, default_context(&w)));
	epochs_abandon(w.e, &above);
	epochs_abandon(w.e, &large);
	close_world(&w);
}

static void open_with_two(world *w, void **state)
{
	assert_ok(open_world(w, state));
	live_epoch(w, 1);
	live_epoch(w, 2);
}

static const epoch *hold_the_first_of_two(world *w, void **state)
{
	const id32 one = {{ 8, [31] = 1 }};
	const epoch *x;

	open_with_two(w, state);
	assert_ok(epochs_hold(&x, w->e, &one, NULL));
	return x;
}

static void destroy_epoch(world *w, const id32 *id)
{
	assert_ok(epochs_begin_destroy(w->e, id));
	assert_ok(epochs_destroy(w->e, id));
	epochs_end_destroy(w->e);
}

static void creating_and_destroying_keep_out_of_each_other_s_way(void **state)
{
	world w;
	const id32 one = {{ 8, [31] = 1 }}, two = {{ 8, [31] = 2 }}, three = {{ 8, [31] = 3 }};

	assert_ok(open_world(&w, state));
	live_epoch(&w, 1);
	assert_err(ERR_STATE, epochs_begin_destroy(w.e, &one));                 /* the only one */
	live_epoch(&w, 2);
	assert_ok(epochs_begin(w.e, &three, default_context(&w)));
	assert_err(ERR_STATE, epochs_begin(w.e, &three, default_context(&w)));
	assert_err(ERR_STATE, epochs_begin_destroy(w.e, &one));
	assert_err(ERR_STATE, epochs_begin_destroy_context(w.e));
	epochs_abandon(w.e, &three);
	assert_err(ERR_NOT_FOUND, epochs_begin_destroy(w.e, &three));
	assert_ok(epochs_begin_destroy(w.e, &one));
	assert_err(ERR_STATE, epochs_begin(w.e, &three, default_context(&w)));
	assert_err(ERR_STATE, epochs_begin_destroy(w.e, &two));
	assert_ok(epochs_destroy(w.e, &one));
	epochs_end_destroy(w.e);
	assert_int_equal(epochs_count(w.e), 1);
	assert_ok(epochs_begin(w.e, &three, default_context(&w)));
	epochs_abandon(w.e, &three);
	close_world(&w);
	assert_ok(open_world(&w, state));
	assert_int_equal(epochs_count(w.e), 1);
	close_world(&w);
}

/* Whoever works in an epoch that is destroyed ends its work; nobody else gets in. */
static void an_epoch_that_is_destroyed_stays_with_those_who_hold_it(void **state)
{
	world w;
	const epoch *x, *y;
	const id32 one = {{ 8, [31] = 1 }};

	x = hold_the_first_of_two(&w, state);
	destroy_epoch(&w, &one);
	assert_err(ERR_NOT_FOUND, epochs_hold(&y, w.e, &one, NULL));
	assert_int_equal(prss_held(x->masks), 3);
	epochs_release(w.e, &x);
	close_world(&w);
}

static void an_epoch_that_is_closed_lets_nobody_in_and_tells_when_the_last_has_left(void **state)
{
	world w;
	const epoch *x, *y;
	const id32 one = {{ 8, [31] = 1 }};

	x = hold_the_first_of_two(&w, state);
	assert_false(epochs_close(w.e, &one));
	assert_int_equal(epochs_hold(&y, w.e, &one, NULL), ERR_NOT_FOUND);
	assert_non_null(strstr(err_text(), "superseded"));
	err_clear();
	epochs_reopen(w.e, &one);
	assert_ok(epochs_hold(&y, w.e, &one, NULL));
	epochs_release(w.e, &y);
	assert_false(epochs_close(w.e, &one));
	epochs_release(w.e, &x);
	assert_true(epochs_close(w.e, &one));
	assert_int_equal(epochs_count(w.e), 2);
	destroy_epoch(&w, &one);
	assert_false(epochs_close(w.e, &one));
	close_world(&w);
}

/* What a crash leaves after that is no epoch. */
static void an_epoch_that_is_erased_serves_until_it_is_destroyed_and_not_after_a_stop(void **state)
{
	world w;
	const epoch *x;
	int64_t made_ms;
	const id32 one = {{ 8, [31] = 1 }};

	open_with_two(&w, state);
	assert_ok(epochs_begin_destroy(w.e, &one));
	assert_ok(epochs_erase(w.e, &one));
	assert_ok(epochs_hold(&x, w.e, &one, NULL));
	epochs_release(w.e, &x);
	assert_true(epochs_made(&made_ms, w.e, &one) && made_ms == 5);
	epochs_end_destroy(w.e);
	close_world(&w);
	assert_ok(open_world(&w, state));
	assert_int_equal(epochs_count(w.e), 1);
	assert_false(epochs_made(&made_ms, w.e, &one));
	close_world(&w);
}

/* What is being stored in an epoch would outlive it. */
static void an_epoch_is_not_destroyed_while_something_is_stored_in_it(void **state)
{
	world w;
	const epoch *x;
	const id32 one = {{ 8, [31] = 1 }};

	x = hold_the_first_of_two(&w, state);
	assert_ok(epochs_begin_storing(w.e, x));
	assert_err(ERR_STATE, epochs_begin_destroy(w.e, &one));
	assert_err(ERR_STATE, epochs_begin_destroy_context(w.e));
	epochs_end_storing(w.e, x);
	assert_ok(epochs_begin_destroy(w.e, &one));
	assert_err(ERR_STATE, epochs_begin_storing(w.e, x));
	assert_ok(epochs_destroy(w.e, &one));
	epochs_end_destroy(w.e);
	assert_err(ERR_STATE, epochs_begin_storing(w.e, x));
	epochs_release(w.e, &x);
	close_world(&w);
}

static void an_epoch_of_another_committee_is_an_error(void **state)
{
	world w;
	const own_identity other = { OWN.signer, "three" };

	assert_ok(open_world(&w, state));
	live_epoch(&w, 1);
	close_world(&w);
	assert_int_equal(open_with(&w, state, true, 0, &other), ERR_STATE);
	assert_non_null(strstr(err_text(), "threshold.peers"));
	err_clear();
	close_world(&w);
	assert_int_equal(open_with(&w, state, false, 0, &OWN), ERR_STATE);
	assert_non_null(strstr(err_text(), "no context"));
	err_clear();
	close_world(&w);
}

/* ---- what must never be again --------------------------------------------------------------------------------- */

static void a_session_id_is_used_once_also_across_a_stop(void **state)
{
	world w;
	const session_id sid = {{ 1, 2, 3 }}, other = {{ 1, 2, 4 }};
	const id32 one = {{ 8, [31] = 1 }}, two = {{ 8, [31] = 2 }};

	assert_ok(open_world(&w, state));
	used_sids u = { w.v, one };
	assert_ok(used_sids_use(&u, &sid));
	assert_err(ERR_EXISTS, used_sids_use(&u, &sid));
	assert_ok(used_sids_use(&u, &other));
	close_world(&w);
	assert_ok(open_world(&w, state));
	u = (used_sids){ w.v, one };
	const sid_record record = used_sids_record(&u);
	assert_err(ERR_EXISTS, record.use(record.ctx, &sid));
	/* Erasing one epoch's leaves another's. */
	used_sids v = { w.v, two };
	assert_ok(used_sids_use(&v, &sid));
	assert_ok(used_sids_erase(w.v, &one));
	assert_ok(used_sids_use(&u, &sid));
	assert_err(ERR_EXISTS, used_sids_use(&v, &sid));
	close_world(&w);
}

static void count_attempt(void *ctx, attempted what, const id32 *request)
{
	unsigned *n = ctx;
	(void)request;
	*n += 1u << 8 * what;
}

static void attempts_are_numbered_for_each_ceremony(void **state)
{
	world w;
	const id32 one = {{ 8, [31] = 1 }}, two = {{ 8, [31] = 2 }};
	uint32_t last;
	unsigned n = 0;

	assert_ok(open_world(&w, state));
	assert_ok(attempt_last(&last, w.v, ATTEMPT_EPOCH, &one));
	assert_int_equal(last, 0);
	assert_ok(attempt_record(w.v, ATTEMPT_EPOCH, &one, 1));
	assert_ok(attempt_record(w.v, ATTEMPT_EPOCH, &one, 7));
	assert_ok(attempt_record(w.v, ATTEMPT_EPOCH, &one, 7));
	assert_ok(attempt_record(w.v, ATTEMPT_DEAL, &one, 3));
	assert_ok(attempt_record(w.v, ATTEMPT_DEAL, &two, 1));
	close_world(&w);
	assert_ok(open_world(&w, state));
	assert_ok(attempt_last(&last, w.v, ATTEMPT_EPOCH, &one));
	assert_int_equal(last, 7);
	assert_ok(attempt_last(&last, w.v, ATTEMPT_DEAL, &one));
	assert_int_equal(last, 3);
	assert_ok(attempts_each(w.v, count_attempt, &n));
	assert_int_equal(n, (1u << 8 * ATTEMPT_EPOCH) + (2u << 8 * ATTEMPT_DEAL));
	close_world(&w);
}

static void attempts_at_what_was_destroyed_are_never_numbered_again(void **state)
{
	world w;
	const id32 one = {{ 8, [31] = 1 }}, two = {{ 8, [31] = 2 }};
	uint32_t last;
	unsigned n = 0;

	assert_ok(open_world(&w, state));
	assert_ok(attempt_record(w.v, ATTEMPT_EPOCH, &one, 3));
	assert_ok(attempt_record(w.v, ATTEMPT_EPOCH, &one, 4));
	assert_ok(attempts_bury(w.v, &one));
	assert_ok(attempts_bury(w.v, &one));
	assert_ok(attempts_bury(w.v, &two));
	close_world(&w);
	assert_ok(open_world(&w, state));
	assert_ok(attempts_each(w.v, count_attempt, &n));
	assert_int_equal(n, 0);
	assert_ok(attempt_last(&last, w.v, ATTEMPT_EPOCH, &one));
	assert_int_equal(last, 4);
	assert_ok(attempt_record(w.v, ATTEMPT_EPOCH, &one, 5));
	assert_ok(attempts_each(w.v, count_attempt, &n));
	assert_int_equal(n, 1u << 8 * ATTEMPT_EPOCH);
	assert_ok(attempts_bury(w.v, &one));
	assert_ok(attempt_last(&last, w.v, ATTEMPT_EPOCH, &one));
	assert_int_equal(last, 5);
	assert_ok(attempt_last(&last, w.v, ATTEMPT_EPOCH, &two));
	assert_int_equal(last, 0);
	close_world(&w);
}

static const struct CMUnitTest tests[] = {
	TEST_IN_FOLDER(the_default_context_is_made_of_the_peers), TEST_IN_FOLDER(who_this_node_is_must_be_clear),
	TEST_IN_FOLDER(a_context_that_was_made_is_there_after_a_stop),
	TEST_IN_FOLDER(a_node_that_is_not_in_a_context_keeps_it_all_the_same), TEST_IN_FOLDER(contexts_that_cannot_be_are_refused),
	TEST_IN_FOLDER(a_cluster_may_have_more_parties_than_it_must), TEST_IN_FOLDER(a_stored_context_that_was_changed_is_an_error),
	TEST(endpoints_are_read), TEST_IN_FOLDER(an_epoch_that_was_set_up_is_there_after_a_stop), TEST_IN_FOLDER(ids_of_epochs_grow),
	TEST_IN_FOLDER(creating_and_destroying_keep_out_of_each_other_s_way),
	TEST_IN_FOLDER(an_epoch_that_is_destroyed_stays_with_those_who_hold_it),
	TEST_IN_FOLDER(an_epoch_that_is_closed_lets_nobody_in_and_tells_when_the_last_has_left),
	TEST_IN_FOLDER(an_epoch_that_is_erased_serves_until_it_is_destroyed_and_not_after_a_stop),
	TEST_IN_FOLDER(an_epoch_is_not_destroyed_while_something_is_stored_in_it), TEST_IN_FOLDER(an_epoch_of_another_committee_is_an_error),
	TEST_IN_FOLDER(a_session_id_is_used_once_also_across_a_stop), TEST_IN_FOLDER(attempts_are_numbered_for_each_ceremony),
	TEST_IN_FOLDER(attempts_at_what_was_destroyed_are_never_numbered_again),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_cas, drop_cas);
}
