/* SPDX-License-Identifier: MIT */
/* node/services.c -- the table of services in the order of their dependencies; each start returns only when it is ready. */
#include <limits.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>
#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/stack.h"
#include "node/audit.h"
#include "node/node.h"
#include "vault/spool.h"

/* ---- vault -------------------------------------------------------------------------------------------------- */

static err folder(char out[static PATH_MAX], const char *path, const char *prefix)
{
	if (snprintf(out, PATH_MAX, "%s/%s", path, prefix) < PATH_MAX) return OK;
	return err_fail(ERR_REQUEST, "the path %.60s… is too long", path);
}

static err vault_start(node *n)
{
	vault_opened what = { 0 };
	bool made = false;
	char public_folder[PATH_MAX], private_folder[PATH_MAX];

	TRY(folder(public_folder, n->cfg.public_vault.path, n->cfg.public_vault.prefix));
	TRY(folder(private_folder, n->cfg.private_vault.path, n->cfg.private_vault.prefix));
	if (!n->cfg.core.derived_folder[0]) TRY(folder(n->derived, n->cfg.public_vault.path, "DERIVED"));
	else snprintf(n->derived, sizeof n->derived, "%s", n->cfg.core.derived_folder);
	snprintf(n->storage, sizeof n->storage, "file storage with path \"%.200s\"", private_folder);
	const err e = vault_home_open(&n->home, &n->vault, &what, &made, &n->cfg, &(vault_folders){ public_folder, private_folder }, environ);
	if (made) AUDIT(.event = AUDIT_VAULT_KEY_MADE, .text = n->cfg.keychain.root_key_id);
	if (what.sealed) AUDIT(.event = AUDIT_VAULT_SEALED, .amount = what.sealed);
	if (what.changed)
		AUDIT(.event = AUDIT_VAULT_REKEYED, .amount = what.changed, .text = n->cfg.keychain.file[0] || n->cfg.keychain.credential[0] ||
		      n->cfg.keychain.descriptor >= 0 ? "are sealed with another key now" : "were sealed and are plain now");
	if (what.fetched) AUDIT(.event = AUDIT_VAULT_FETCHED, .amount = what.fetched);
	if (what.sent) AUDIT(.event = AUDIT_VAULT_SENT, .amount = what.sent);
	return e;
}

static void vault_stop(node *n)
{
	vault_free(&n->vault);
	vault_home_free(&n->home);
}

/* ---- identity ----------------------------------------------------------------------------------------------- */

static err identity_start(node *n)
{
	bool fresh;

	TRY(signing_key_open(&n->signer, &fresh, n->vault, rng_os()));
	address_text(n->address, signer_address(n->signer));
	if (fresh) AUDIT(.event = AUDIT_SIGNING_KEY_MADE, .text = n->address);
	return signing_key_publish(n->signer, n->vault, n->address);
}

static void identity_stop(node *n) { signer_free(&n->signer); }

/* ---- delegation: its keys are there before anybody can ask ------------------------------------------------------ */

static err delegation_start(node *n)
{
	const err e = node_delegate_open(&n->delegate, &n->cfg, n->vault, n->signer, rng_os());

	stack_forget();                                    /* of whole keys: one of them may be erased later */
	return e;
}

static void delegation_stop(node *n) { node_delegate_close(&n->delegate); }

/* ---- cluster: who the parties are; the links come last ---------------------------------------------------------- */

static err cluster_begin(node *n)
{
	if (!n->cfg.threshold.present) return OK;
	TRY(spool_clean(n->vault));
	return cluster_new(&n->cluster, &n->cfg, n->vault, n->signer, n->seams);
}

static void cluster_end(node *n) { cluster_free(&n->cluster); }

static err links_begin(node *n)
{
	if (!n->cluster) return OK;
	TRY(cluster_link(n->cluster));
	node_config_wipe_key(&n->cfg);
	return node_delegate_link(&n->delegate, &n->cfg, n->vault, n->cluster);
}

static void links_end(node *n)
{
	node_delegate_unlink(&n->delegate);
	cluster_stop(n->cluster);
}

/* ---- the sandbox: what the configuration names is read by now, and no thread is there ----------------------------- */

enum { DERIVED_MODE = 0755 };

static const char *credentials_folder(char out[static PATH_MAX], const node_config *c)
{
	return c->aws.credential[0] ? getenv("CREDENTIALS_DIRECTORY") : sandbox_folder_of(out, c->aws.file);
}

static err sandbox_start(node *n)
{
	const node_config *c = &n->cfg;
	char credentials[PATH_MAX];
	const sandbox_needs needs = {
		.folder = { vault_public_folder(n->vault), vault_private_folder(n->vault), n->derived },
		.readable = { credentials_folder(credentials, c) },
		.port = { (unsigned)c->service.listen_port, c->http_port, (unsigned)c->threshold.listen_port },
		.ports = c->threshold.present ? 3 : 2, .core_files = c->internal.core_dumps,
	};

	/* The others are there.  What is kept in this one is public, and who does not find it says so. */
	if (c->internal.sandbox && !file_exists(n->derived) && dir_make(n->derived, DERIVED_MODE) != OK) err_clear();
	return sandbox_enter(&needs, c->internal.sandbox);
}

/* A phase has no end but that of the process. */
static void sandbox_stop(node *n) { (void)n; }

/* The first thread. */
static err lease_begin(node *n) { return vault_keep(n->vault); }

static err serving_begin(node *n) { return sandbox_enter_serving(n->cfg.internal.sandbox); }

/* ---- keys --------------------------------------------------------------------------------------------------- */

static err keys_start(node *n)
{
	TRY(n->cluster ? keys_open_parts(&n->keys, n->vault) : keys_open(&n->keys, n->vault));
	if (secret_unlocked()) AUDIT(.event = AUDIT_MEMORY_NOT_LOCKED);
	return OK;
}

static void keys_stop(node *n) { keys_free(&n->keys); }

/* ---- requests ----------------------------------------------------------------------------------------------- */

static err requests_begin(node *n)
{
	const requests_limit decryptions = { (size_t)n->cfg.service.dec_capacity, (size_t)n->cfg.service.min_dec_cache,
	                                     (size_t)n->cfg.service.result_bytes };
	const requests_limit limit[REQUEST_KINDS] = { [REQUEST_PUBLIC_DECRYPT] = decryptions, [REQUEST_USER_DECRYPT] = decryptions };
	char path[PATH_MAX];
	uint64_t cut;

	backlog_init(&n->backlog);
	TRY(requests_new(&n->table, limit, rng_os()));
	TRY(folder(path, vault_private_folder(n->vault), "journal"));
	TRY(journal_open(&n->journal, &cut, path, n->table));
	if (cut) AUDIT(.event = AUDIT_JOURNAL_CUT, .amount = cut);
	limiter_init(&n->limiter, &n->cfg);
	return OK;
}

static void requests_end(node *n)
{
	journal_free(&n->journal);
	requests_free(&n->table);
	backlog_free(&n->backlog);
}

/* ---- work --------------------------------------------------------------------------------------------------- */

/* Alone, key generations go in turn.  Parties may be asked for several ceremonies in different order, and then must not wait
 * for each other. */
enum { CEREMONIES_ALONE = 1, CEREMONIES_TOGETHER = 8 };

/* One sync of the journal serves as many ends of requests as there are clerks to wait for it. */
enum { CLERKS = 16 };

static err work_start(node *n)
{
	TRY(tracing_new(&n->tracing, &(tracing_config){
		.endpoint = n->cfg.telemetry.tracing_endpoint, .service = n->cfg.telemetry.tracing_service_name, .scope = "arca-node",
		.instance = n->cluster ? n->cluster->name : n->address, .timeout_ms = n->cfg.telemetry.tracing_otlp_timeout_ms,
		.delay_ms = n->cfg.telemetry.scheduled_delay_ms, .room = (size_t)n->cfg.telemetry.max_queue_size,
		.most = (size_t)n->cfg.telemetry.max_export_batch_size,
	}));
	TRY(pool_new(&n->cores, (unsigned)n->cfg.internal.num_rayon_threads));
	TRY(pool_new(&n->ceremonies, n->cluster ? CEREMONIES_TOGETHER : CEREMONIES_ALONE));
	TRY(pool_new(&n->clerks, CLERKS));
	n->engine = (engine){
		.keys = n->keys, .cluster = n->cluster, .signer = n->signer, .cores = n->cores, .random = rng_os(), .clock = clock_system(),
		.derived_folder = n->derived,
		.making = &n->making, .profile = n->cfg.eip712_v011 ? KMS712_V011 : KMS712_V015,
	};
	const desk_parts parts = { &n->engine, n->table, n->journal, &n->limiter, &n->backlog, &n->metrics, n->cores, n->ceremonies, n->clerks,
		n->tracing };
	TRY(desk_new(&n->desk, &parts));
	if (n->cluster) TRY(cluster_start(n->cluster, &n->engine, n->table));
	return desk_restore(n->desk);
}

static void work_stop(node *n)
{
	pool_free(&n->ceremonies);
	pool_free(&n->cores);
	pool_free(&n->clerks);
	desk_free(&n->desk);
	tracing_free(&n->tracing);
}

/* ---- what others see ---------------------------------------------------------------------------------------- */

/* It listens before the keys are read, which may take a while, so that whoever asks is told that the node is starting. */
static err http_start(node *n)
{
	return node_http_new(&n->http, n->vault, &n->cfg, ARCA_VERSION, n->commit, node_delegate_service(&n->delegate));
}

static void http_stop(node *n) { node_http_free(&n->http); }

static err pages_begin(node *n)
{
	const node_http_parts parts = { n->keys, n->table, &n->limiter, &n->metrics, n->cores, n->cluster, &n->making, n->tracing };

	node_http_attach(n->http, &parts);
	return OK;
}

static void pages_end(node *n) { node_http_detach(n->http); }

/* ---- decryptions that a stop interrupted -------------------------------------------------------------------------- */

static err going_on_begin(node *n) { return desk_resume(n->desk); }

/* They may still run if a later service did not start; what does not end is left to the next start, as after a crash. */
static void going_on_end(node *n)
{
	desk_close(n->desk);
	if (!desk_wait_idle(n->desk, n->cfg.service.grace_secs * 1000)) _exit(1);
}

/* ---- old shares: they go once what was pending at the last stop has hold of its epoch ----------------------------- */

static err epochs_begin_watch(node *n)
{
	const int64_t grace_ms = n->cfg.threshold.epoch_grace * 1000;
	const epoch_grace_parts parts = { n->cluster, &n->metrics, clock_system(), grace_ms };

	return n->cluster && grace_ms ? epoch_grace_start(&n->epoch_grace, &parts) : OK;
}

static void epochs_end_watch(node *n) { epoch_grace_stop(&n->epoch_grace); }

/* ---- requests come in ------------------------------------------------------------------------------------------- */

static err api_begin(node *n)
{
	const api_parts parts = { n->desk, n->table, n->keys, &n->metrics, &n->cfg, n->storage, n->cluster };

	TRY(api_new(&n->api, &parts));
	api_open(n->api);
	node_http_set_phase(n->http, NODE_SERVING);
	AUDIT(.event = AUDIT_NODE_STARTED, .text = n->address);
	return OK;
}

enum { LAST_ANSWERS_MS = 2000, LAST_ENDS_MS = 2000 };

static void api_end(node *n)
{
	if (n->api) {
		api_drain(n->api, LAST_ANSWERS_MS);
		AUDIT(.event = AUDIT_NODE_STOPPED);
	}
	api_free(&n->api);
}

/* ---- the table ---------------------------------------------------------------------------------------------- */

const service NODE_SERVICES[] = {
	{ "vault", vault_start, vault_stop },
	{ "identity", identity_start, identity_stop },
	{ "delegation", delegation_start, delegation_stop },
	{ "cluster", cluster_begin, cluster_end },
	{ "sandbox", sandbox_start, sandbox_stop },
	{ "lease", lease_begin, sandbox_stop },
	{ "http", http_start, http_stop },
	{ "keys", keys_start, keys_stop },
	{ "requests", requests_begin, requests_end },
	{ "work", work_start, work_stop },
	{ "links", links_begin, links_end },
	{ "pages", pages_begin, pages_end },
	{ "interrupted requests", going_on_begin, going_on_end },
	{ "old epochs", epochs_begin_watch, epochs_end_watch },
	{ "grpc", api_begin, api_end },
	{ "sandbox of serving", serving_begin, sandbox_stop },
};
const size_t N_NODE_SERVICES = COUNT(NODE_SERVICES);

int node_exit_code(const service *failed, err e)
{
	const bool listens = failed->start == http_start || failed->start == api_begin || failed->start == links_begin;

	/* The configuration contradicts a certificate, or names no key. */
	if ((failed->start == cluster_begin || failed->start == delegation_start || failed->start == links_begin) && e == ERR_REQUEST) return EX_USAGE;
	if (e == ERR_IO) return listens ? EX_UNAVAILABLE : EX_IOERR;
	return e == ERR_BUSY || e == ERR_EXHAUSTED ? EX_UNAVAILABLE : 1;
}

bool node_finish(node *n)
{
	node_http_set_phase(n->http, NODE_STOPPING);
	api_close(n->api);
	desk_close(n->desk);
	cluster_close(n->cluster);
	if (desk_wait_idle(n->desk, n->cfg.service.grace_secs * 1000)) return true;
	cluster_stop(n->cluster);
	if (n->cluster && desk_wait_idle(n->desk, LAST_ENDS_MS)) return true;
	log_warn("%zu requests did not finish within %jd s; they end here", desk_running(n->desk), (intmax_t)n->cfg.service.grace_secs);
	return false;
}
