/* SPDX-License-Identifier: MIT */
/* tests/node/cluster.c -- certificates made at once, ports that are theirs, one folder a node. */
#include "tests/node/cluster.h"
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include "base/file.h"
#include "delegate/key_file.h"
#include "evm/address.h"
#include "rpc/fetch.h"
#include "tests/port.h"

static void write_in(const char *folder, const char *name, const buf *text)
{
	char path[400];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_ok(file_write_atomic(path, buf_slice(text), 0600));
}

static void make_certificates(test_cluster *c, party i)
{
	char name[16];

	snprintf(name, sizeof name, "node%u", i);
	assert_ok(certs_make_ca(&c->ca[i], name, 10, clock_system()));
	assert_ok(certs_make_leaf(&c->leaf[i], &c->ca[i], name, NULL, 0, 10, clock_system()));
	write_in(c->folder[i], "ca.pem", &c->ca[i].certificate_pem);
	write_in(c->folder[i], "cert.pem", &c->leaf[i].certificate_pem);
	write_in(c->folder[i], "key.pem", &c->leaf[i].key_pem);
}

static void write_config(const test_cluster *c, party i, unsigned timeout_s)
{
	const char *folder = c->folder[i];
	buf text = { 0 };

	buf_printf(&text, "[service]\nlisten_port = 0\ntimeout_secs = 8\ngrace_secs = 10\n");
	buf_printf(&text, "[public_vault.storage.file]\npath = \"%s\"\n[private_vault.storage.file]\npath = \"%s\"\n", folder, folder);
	buf_printf(&text, "[telemetry]\nmetrics_bind_address = \"127.0.0.1:0\"\n[threshold]\nlisten_port = %u\nthreshold = %u\nmy_id = %u\n",
	           c->port[i], c->t, c->t ? i : 0);
	buf_printf(&text, "[core]\nderived_folder = \"%s/../derived\"\n", folder);
	buf_printf(&text, "[threshold.tls.manual]\ncert.path = \"%s/cert.pem\"\nkey.path = \"%s/key.pem\"\n", folder, folder);
	buf_printf(&text, "[threshold.core_to_core_net]\nnetwork_timeout = %u\nmax_interval = 1\ndiscard_inactive_sessions_interval = 2\n", timeout_s);
	for (party p = 1; c->t && p <= c->n; p++)
		buf_printf(&text, "[[threshold.peers]]\nparty_id = %u\naddress = \"127.0.0.1\"\nport = %u\nmpc_identity = \"node%u\"\n"
		           "tls_cert.path = \"%s/ca.pem\"\n", p, c->port[p], p, c->folder[p]);
	write_in(folder, "node.toml", &text);
	buf_free(&text);
}

void cluster_make(test_cluster *c, const char *top, unsigned n, unsigned t, unsigned timeout_s)
{
	*c = (test_cluster){ .n = n, .t = t };
	for (party i = 1; i <= n; i++) {
		snprintf(c->folder[i], sizeof c->folder[i], "%s/%u", top, i);
		assert_int_equal(mkdir(c->folder[i], 0700), 0);
		c->port[i] = port_hold(&c->held[i]);
		make_certificates(c, i);
	}
	for (party i = 1; i <= n; i++) write_config(c, i, timeout_s);
}

static void append(const test_cluster *c, party i, slice text)
{
	char path[400];

	snprintf(path, sizeof path, "%s/node.toml", c->folder[i]);
	const int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
}

void cluster_add_delegation(const test_cluster *c, unsigned chain_id, unsigned refresh_secs)
{
	for (party i = 1; i <= c->n; i++) {
		AUTO(buf) text = { 0 };
		buf_printf(&text, "[delegation]\nrefresh_secs = %u\n[[delegation.chains]]\nchain_id = %u\ngateway = \"0x%040d\"\n", refresh_secs,
		           chain_id, 7);
		append(c, i, buf_slice(&text));
	}
}

void cluster_add_chain(const test_cluster *c, unsigned chain_id)
{
	for (party i = 1; i <= c->n; i++) {
		AUTO(buf) text = { 0 };
		buf_printf(&text, "[[delegation.chains]]\nchain_id = %u\ngateway = \"0x%040d\"\n", chain_id, 7);
		append(c, i, buf_slice(&text));
	}
}

void cluster_add_import(const test_cluster *c, unsigned chain_id, unsigned refresh_secs, party owner, const secp_sk *d)
{
	AUTO(buf) path = { 0 }, line = { 0 };

	cluster_add_delegation(c, chain_id, refresh_secs);
	for (party i = 1; i <= c->n; i++) {
		AUTO(buf) text = { 0 };
		buf_printf(&text, "import_from = %u\n", owner);
		append(c, i, buf_slice(&text));
	}
	buf_printf(&path, "%s/owner.key", c->folder[owner]);
	assert_ok(key_file_write(buf_str(&path), d));
	buf_printf(&line, "key_file = \"%s\"\n", buf_str(&path));
	append(c, owner, buf_slice(&line));
}

void cluster_unmake(test_cluster *c)
{
	for (party i = 1; i <= c->n; i++) {
		if (c->up[i]) cluster_kill(c, i);
		certs_pair_free(&c->ca[i]);
		certs_pair_free(&c->leaf[i]);
		close(c->held[i]);
	}
}

void cluster_start(test_cluster *c, party i, const char *program, const char *lie)
{
	char environment[64] = "";

	if (lie) snprintf(environment, sizeof environment, "%s", lie);
	child_start_as(&c->node[i], c->folder[i], program ? program : getenv("ARCA_NODE"), lie ? environment : NULL);
	c->up[i] = true;
}

void cluster_start_all(test_cluster *c)
{
	for (party i = 1; i <= c->n; i++)
		if (!c->up[i]) cluster_start(c, i, NULL, NULL);
	cluster_wait_linked(c);
}

void cluster_kill(test_cluster *c, party i)
{
	child_kill(&c->node[i]);
	c->up[i] = false;
}

int cluster_stop(test_cluster *c, party i)
{
	c->up[i] = false;
	return child_stop(&c->node[i]);
}

/* ---- links ---------------------------------------------------------------------------------------------------- */

/* Of the first context only the nodes that run, or of every context all of them. */
static unsigned unreachable(test_cluster *c, party i, bool everywhere)
{
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	Kms__V1__HealthStatusResponse *m;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };
	unsigned out = 0;

	assert_int_equal(call_core(&c->node[i], &response, "GetHealthStatus", &empty.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__health_status_response__descriptor, buf_slice(&response)));
	assert_true(m->n_peers_from_all_contexts >= 1);
	for (size_t k = 0; k < (everywhere ? m->n_peers_from_all_contexts : 1); k++)
		for (size_t p = 0; p < m->peers_from_all_contexts[k]->n_peers; p++) {
			const Kms__V1__PeerHealth *peer = m->peers_from_all_contexts[k]->peers[p];
			out += !peer->reachable && (everywhere || c->up[peer->peer_id]);
		}
	buf_free(&response);
	arena_free(&a);
	return out;
}

void cluster_wait_linked(test_cluster *c)
{
	for (party i = 1; i <= c->n; i++) UNTIL(!c->up[i] || !unreachable(c, i, false));
}

void cluster_wait_linked_everywhere(test_cluster *c)
{
	for (party i = 1; i <= c->n; i++) UNTIL(!unreachable(c, i, true));
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

static void expect(party i, const char *method, grpc_status got, grpc_status want)
{
	if (got != want) print_error("node %u, %s: %d, %s\n", i, method, (int)got, client_said.message);
	assert_int_equal(got, want);
}

void cluster_call_all(test_cluster *c, const char *method, const ProtobufCMessage *request, grpc_status want)
{
	for (party i = 1; i <= c->n; i++) {
		buf response = { 0 };
		if (c->up[i]) expect(i, method, call_core(&c->node[i], &response, method, request), want);
		buf_free(&response);
	}
}

void cluster_results(test_cluster *c, buf *response, const char *method, const id32 *id, grpc_status want)
{
	for (party i = 1; i <= c->n; i++) {
		buf mine = { 0 };
		if (!c->up[i]) continue;
		if (response) buf_clear(&response[i]);
		expect(i, method, get_result(&c->node[i], response ? &response[i] : &mine, method, id), want);
		buf_free(&mine);
	}
}

void cluster_new_epoch(test_cluster *c, const id32 *epoch)
{
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;

	c->epoch = *epoch;
	m.epoch_id = id_message(epoch);
	cluster_call_all(c, "NewMpcEpoch", &m.base, GRPC_OK);
	cluster_results(c, NULL, "GetEpochResult", epoch, GRPC_OK);
}

void cluster_new_key(test_cluster *c, id32 *prep, id32 *key, int params)
{
	Kms__V1__KeyGenPreprocRequest p = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	Kms__V1__KeyGenRequest k = KMS__V1__KEY_GEN_REQUEST__INIT;

	*prep = fresh_id(3);
	*key = fresh_id(4);
	p.request_id = id_message(prep);
	p.params = (Kms__V1__FheParameter)params;
	p.domain = domain_message("KMSGeneration");
	p.keyset_config = keyset_config_message();
	cluster_call_all(c, "InsecureKeyGenPreproc", &p.base, GRPC_OK);
	cluster_results(c, NULL, "GetInsecureKeyGenPreprocResult", prep, GRPC_OK);
	k.request_id = id_message(key);
	k.preproc_id = id_message(prep);
	k.domain = domain_message("KMSGeneration");
	k.keyset_config = keyset_config_message();
	cluster_call_all(c, "InsecureKeyGen", &k.base, GRPC_OK);
	cluster_results(c, NULL, "GetInsecureKeyGenResult", key, GRPC_OK);
}

int cluster_set_up(void **top, test_cluster *c, samples *s, const id32 *epoch, unsigned timeout_s)
{
	if (folder_make(top)) return -1;
	cluster_make(c, *top, 4, 1, timeout_s);
	cluster_start_all(c);
	cluster_new_epoch(c, epoch);
	cluster_new_key(c, &c->prep, &c->key, 1);
	samples_make_big(s, &c->node[1], &c->key);
	return 0;
}

int cluster_take_down(void **top, test_cluster *c, samples *s)
{
	samples_free(s);
	cluster_unmake(c);
	return folder_remove(top);
}

/* ---- on a node's disk ---------------------------------------------------------------------------------------------- */

const char *cluster_object(const test_cluster *c, party i, const char *folder, const char *type, const id32 *first, const id32 *second)
{
	static char path[2][600];
	static unsigned at;
	char a[ID_TEXT], b[ID_TEXT] = "", *p = path[at++ % COUNT(path)];

	id_text(a, first);
	if (second) id_text(b, second);
	snprintf(p, sizeof path[0], "%.299s/%.9s/%.99s/%s%s%s", c->folder[i], folder, type, a, second ? "/" : "", b);
	return p;
}

bool cluster_has(const test_cluster *c, party i, const char *folder, const char *type, const id32 *first, const id32 *second)
{
	return file_exists(cluster_object(c, i, folder, type, first, second));
}

void cluster_wait_for(const test_cluster *c, party i, const char *folder, const char *type, const id32 *first, const id32 *second)
{
	UNTIL(cluster_has(c, i, folder, type, first, second));
}

static unsigned seen;
static const char *wanted;

static int look(const char *path, const struct stat *s, int kind, struct FTW *f)
{
	(void)s, (void)f;
	if (kind == FTW_F && strstr(path, wanted)) seen++;
	return 0;
}

unsigned cluster_files(const test_cluster *c, party i, const char *where, const id32 *id)
{
	char path[400], text[ID_TEXT];

	id_text(text, id);
	wanted = text;
	seen = 0;
	snprintf(path, sizeof path, "%s/%s", c->folder[i], where);
	if (nftw(path, look, 16, FTW_PHYS) != 0) assert_int_equal(seen, 0);
	return seen;
}

/* ---- what nodes say ------------------------------------------------------------------------------------------------ */

long long cluster_metric(test_cluster *c, party i, const char *name)
{
	char url[64];
	buf text = { 0 };
	long long value = -1;

	snprintf(url, sizeof url, "http://127.0.0.1:%u/metrics", c->node[i].http);
	assert_ok(fetch_url(&text, url, 1 << 20, 60000));
	for (const char *at = buf_str(&text); (at = strstr(at, name)); at++) {
		if (at != (const char *)text.p && at[-1] != '\n') continue;
		value = atoll(at + strcspn(at, " "));
		break;
	}
	buf_free(&text);
	return value;
}

bool cluster_has_logged(test_cluster *c, party i, const char *what)
{
	char path[400];
	buf text = { 0 };

	snprintf(path, sizeof path, "%s/node.log", c->folder[i]);
	assert_ok(file_read(&text, path, 64 << 20));
	const bool there = strstr(buf_str(&text), what);
	buf_free(&text);
	return there;
}

bool cluster_logged(test_cluster *c, party i, const char *what)
{
	/* Between the node and the file there is a pipe. */
	for (unsigned k = 0; k < 6000; k++, usleep(10000))
		if (cluster_has_logged(c, i, what)) return true;
	return false;
}

void cluster_limit_files(test_cluster *c, party i, rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(prlimit(c->node[i].pid, RLIMIT_FSIZE, NULL, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(prlimit(c->node[i].pid, RLIMIT_FSIZE, &r, NULL), 0);
}

/* ---- contexts --------------------------------------------------------------------------------------------------------- */

static void describe(const test_cluster *c, Kms__V1__MpcNode *n, party node, unsigned number)
{
	static char name[MAX_NODES + 1][16], url[MAX_NODES + 1][40], storage[MAX_NODES + 1][40];
	static eth_address address[MAX_NODES + 1];

	kms__v1__mpc_node__init(n);
	snprintf(name[node], sizeof name[node], "node%u", node);
	snprintf(url[node], sizeof url[node], "https://127.0.0.1:%u", c->port[node]);
	snprintf(storage[node], sizeof storage[node], "http://127.0.0.1:%u/", c->node[node].http);
	assert_ok(address_parse(&address[node], "signer", slice_str(c->node[node].signer)));
	n->mpc_identity = name[node], n->external_url = url[node], n->public_storage_url = storage[node];
	n->party_id = (int32_t)number;
	n->_signer_address_case = KMS__V1__MPC_NODE___SIGNER_ADDRESS_SIGNER_ADDRESS;
	n->signer_address = (ProtobufCBinaryData){ sizeof address[node].b, address[node].b };
	n->_ca_cert_case = KMS__V1__MPC_NODE___CA_CERT_CA_CERT;
	n->ca_cert = (ProtobufCBinaryData){ c->ca[node].certificate_pem.n, c->ca[node].certificate_pem.p };
}

party_set test_context_nodes(const test_context *k)
{
	party_set out = 0;

	for (unsigned i = 0; i < k->n; i++) add_to(&out, k->node[i]);
	return out;
}

void cluster_only(test_cluster *c, party_set who)
{
	for (party i = 1; i <= c->n; i++) c->up[i] = has(who, i);
}

void cluster_tell(test_cluster *cluster, const test_context *k)
{
	Kms__V1__NewMpcContextRequest m = KMS__V1__NEW_MPC_CONTEXT_REQUEST__INIT;
	Kms__V1__MpcContext c = KMS__V1__MPC_CONTEXT__INIT;
	Kms__V1__MpcNode node[MAX_NODES], *list[MAX_NODES];

	m.new_context = &c;
	c.context_id = id_message(&k->id);
	c.software_version = (char *)(uintptr_t)"0.1.0";
	c.threshold = (int32_t)k->t;
	c.mpc_nodes = list, c.n_mpc_nodes = k->n;
	for (unsigned i = 0; i < k->n; i++) describe(cluster, list[i] = &node[i], k->node[i], i + 1);
	cluster_call_all(cluster, "NewMpcContext", &m.base, GRPC_OK);
}

void cluster_reshare(test_cluster *c, party_set who, const test_context *old, const id32 *from, const test_context *new, const id32 *to)
{
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;

	m.context_id = id_message(&new->id), m.epoch_id = id_message(to);
	m.domain = domain_message("ProtocolConfig");
	m.previous_epoch = &previous;
	previous.context_id = id_message(&old->id), previous.epoch_id = id_message(from);
	FOR_EACH_IN(i, who) {
		buf empty = { 0 };
		const grpc_status s = call_core(&c->node[i], &empty, "NewMpcEpoch", &m.base);
		if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
		assert_int_equal(s, GRPC_OK);
		buf_free(&empty);
	}
}
