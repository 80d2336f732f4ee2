/* SPDX-License-Identifier: MIT */
/* Links with threads of their own, used from many others at once. */
#include "tests/test.h"
#include "tests/rpc/links_world.h"
#include <stdlib.h>
#include "base/wait.h"

enum { NODES = 3, SENDERS = 4, FRAMES = 1500, PATIENCE_MS = 60000 };

typedef struct station {
	unsigned number;
	links   *links;
	pthread_mutex_t lock;
	pthread_cond_t  changed;
	uint64_t next[NODES + 1][SENDERS][LINKS_LANES];      /* of each sender there, the number of the next frame */
	uint64_t came[NODES + 1], refused;
	unsigned up;                                         /* a bit a peer */
	unsigned moods;                                      /* refuse every so many'th frame; 0: none */
	bool     stuck, stands;                              /* on_frame does not return while so; it is there */
	uint64_t asked;
} station;

static bool on_frame(void *ctx, unsigned from, links_lane lane, slice frame)
{
	station *s = ctx;
	pthread_mutex_lock(&s->lock);
	s->asked++;
	bool taken = !s->moods || s->asked % s->moods;
	if (taken) {
		ASSERT(from >= 1 && from <= NODES && frame.n >= 16);
		uint64_t sender = load64(frame.p), number = load64(frame.p + 8);
		ASSERT(sender < SENDERS && number == s->next[from][sender][lane]);
		for (size_t i = 16; i < frame.n; i++) ASSERT(frame.p[i] == (uint8_t)(number + i));
		s->next[from][sender][lane]++;
		s->came[from]++;
	} else {
		s->refused++;
	}
	s->stands = s->stuck;
	pthread_cond_broadcast(&s->changed);
	while (s->stuck) pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return taken;
}

static void on_change(void *ctx, unsigned peer, links_event what)
{
	station *s = ctx;
	pthread_mutex_lock(&s->lock);
	if (what == LINKS_UP) s->up |= 1u << peer;
	if (what == LINKS_DOWN) s->up &= ~(1u << peer);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static station stations[NODES + 1];

/* Certificates are of the world's time, which is not the system's. */
static int64_t unix_of_the_world(void *ctx) { (void)ctx; return clock_unix_ms(&WORLD_CLOCK); }
static int64_t now_of_the_system(void *ctx) { (void)ctx; return clock_now_ms(clock_system()); }
static const clock_source MIXED_CLOCK = { NULL, now_of_the_system, unix_of_the_world };

static void meet(station *s, unsigned other)
{
	const links_peer p = { other, world_who[other].name, "127.0.0.1", links_port(stations[other].links),
		buf_slice(&world_who[other].ca.certificate_pem) };
	assert_ok(links_put_peer(s->links, &p));
}

static void start(void (*change)(links_config *c))
{
	memset(stations, 0, sizeof stations);
	for (unsigned i = 1; i <= NODES; i++) {
		station *s = &stations[i];
		links_config c = links_config_default();
		s->number = i;
		pthread_mutex_init(&s->lock, NULL);
		wait_init(&s->changed);
		c.name = world_who[i].name;
		c.clock = &MIXED_CLOCK;
		c.certificate_pem = buf_slice(&world_who[i].leaf.certificate_pem);
		c.key_pem = buf_slice(&world_who[i].leaf.key_pem);
		c.address = "127.0.0.1";
		c.ctx = s;
		c.on_frame = on_frame, c.on_change = on_change;
		if (change) change(&c);
		assert_ok(links_new(&s->links, &c));
	}
	for (unsigned i = 1; i <= NODES; i++)
		for (unsigned j = 1; j <= NODES; j++)
			if (i != j) meet(&stations[i], j);
}

static void stop(void)
{
	for (unsigned i = 1; i <= NODES; i++) {
		links_free(&stations[i].links);
		pthread_cond_destroy(&stations[i].changed);
		pthread_mutex_destroy(&stations[i].lock);
	}
}

/* Waits for done(s); fails the test if it takes unreasonably long. */
static void await(station *s, bool (*done)(const station *s))
{
	int64_t until = clock_now_ms(clock_system()) + PATIENCE_MS;
	pthread_mutex_lock(&s->lock);
	bool in_time = true;
	while (!done(s) && in_time) in_time = wait_until(&s->changed, &s->lock, until);
	pthread_mutex_unlock(&s->lock);
	assert_true(in_time);
}

static bool all_up(const station *s)
{
	return s->up == ((2u << NODES) - 2u - (1u << s->number));
}

static bool all_came(const station *s)
{
	for (unsigned i = 1; i <= NODES; i++)
		if (i != s->number && s->came[i] != SENDERS * FRAMES) return false;
	return true;
}

typedef struct sender { station *from; uint64_t number; pthread_t thread; } sender;

static void *send_all(void *arg)
{
	const sender *x = arg;
	uint64_t next[NODES + 1][LINKS_LANES] = { 0 };
	uint8_t *frame = malloc(70000);
	ASSERT(frame);
	for (unsigned i = 0; i < FRAMES; i++) {
		for (unsigned to = 1; to <= NODES; to++) {
			if (to == x->from->number) continue;
			links_lane lane = i % 7 == 0 ? LINKS_BULK : LINKS_URGENT;
			size_t n = i % 100 == 50 ? 70000 : 16 + i % 500;
			uint64_t number = next[to][lane]++;
			store64(frame, x->number);
			store64(frame + 8, number);
			for (size_t k = 16; k < n; k++) frame[k] = (uint8_t)(number + k);
			const slice head = slice_of(frame, 16), body = slice_of(frame + 16, n - 16);
			ASSERT(links_send(x->from->links, to, lane, head, body, PATIENCE_MS) == OK);
		}
	}
	free(frame);
	return NULL;
}

static void small_queues(links_config *c)
{
	c->queued[LINKS_URGENT] = link_outflow_cost(LINKS_URGENT_MAX);
	c->held[LINKS_URGENT] = c->held[LINKS_BULK] = 100000;
}

static void everybody_sends_to_everybody(void (*change)(links_config *), unsigned moods)
{
	static sender senders[NODES * SENDERS];
	start(change);
	for (unsigned i = 1; i <= NODES; i++) stations[i].moods = moods;
	for (unsigned i = 0; i < COUNT(senders); i++) {
		senders[i] = (sender){ &stations[1 + i % NODES], i / NODES, 0 };
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
	}
	for (unsigned i = 1; i <= NODES && moods; i++) {             /* whoever refused asks for more */
		station *s = &stations[i];
		int64_t until = clock_now_ms(clock_system()) + PATIENCE_MS;
		bool done = false;
		while (!done && clock_now_ms(clock_system()) < until) {
			for (unsigned j = 1; j <= NODES; j++)
				for (unsigned k = 1; k <= NODES; k++) links_resume(stations[j].links, k);
			pthread_mutex_lock(&s->lock);
			done = all_came(s);
			if (!done) (void)wait_until(&s->changed, &s->lock, clock_now_ms(clock_system()) + 5);
			pthread_mutex_unlock(&s->lock);
		}
		assert_true(done);
		assert_true(s->refused > 0);
	}
	for (unsigned i = 1; i <= NODES; i++) await(&stations[i], all_came);
	for (unsigned i = 0; i < COUNT(senders); i++) pthread_join(senders[i].thread, NULL);
	stop();
}

static void frames_of_many_threads_arrive_each_in_its_order(void **state)
{
	(void)state;
	everybody_sends_to_everybody(NULL, 0);
}

static void senders_wait_for_room_and_receivers_may_hesitate(void **state)
{
	(void)state;
	everybody_sends_to_everybody(small_queues, 50);
}

static void *come_and_go(void *arg)
{
	station *s = arg;
	links_health h;
	for (unsigned i = 0; i < 60; i++) {
		links_drop_peer(s->links, 3);
		for (unsigned k = 1; k <= NODES; k++)
			if (links_health_of(s->links, &h, k) != OK) err_clear();
		meet(s, 3);
	}
	return NULL;
}

static void *send_regardless(void *arg)
{
	station *s = arg;
	uint8_t frame[16] = { 0 };
	links_health h;
	for (unsigned i = 0; i < 20000; i++) {
		err e = links_send(s->links, 3, i % 2, slice_of(frame, 16), (slice){ 0 }, i % 1000 == 0);
		ASSERT(e == OK || e == ERR_NOT_FOUND || e == ERR_EXHAUSTED);
		if (links_health_of(s->links, &h, 3) == OK) ASSERT(h.number == 3);
		links_resume(s->links, 3);
		err_clear();
	}
	return NULL;
}

static void peers_come_and_go_while_others_send(void **state)
{
	(void)state;
	pthread_t thread[3];
	start(NULL);
	links_free(&stations[3].links);              /* nobody takes these frames */
	stations[3].links = stations[2].links;       /* the port of another: it will not let us in */
	assert_int_equal(pthread_create(&thread[0], NULL, come_and_go, &stations[1]), 0);
	for (unsigned i = 1; i < 3; i++) assert_int_equal(pthread_create(&thread[i], NULL, send_regardless, &stations[1]), 0);
	for (unsigned i = 0; i < 3; i++) pthread_join(thread[i], NULL);
	stations[3].links = NULL;
	stop();
}

/* ---- benchmark ------------------------------------------------------------------------------------------------ */

static void check_result(const links_bench_result *r, const links_bench *what)
{
	assert_int_equal(r->bytes_sent, r->answers * what->payload);
	assert_true(r->answers + r->lost >= what->sessions);
	if (!r->answers) return;
	assert_true(r->fastest_us >= 0 && r->fastest_us <= r->p50_us && r->p50_us <= r->p90_us);
	assert_true(r->p90_us <= r->p99_us && r->p99_us <= r->slowest_us);
	assert_in_range(r->average_us, r->fastest_us, r->slowest_us);
}

static void a_benchmark_measures_each_payload_and_frames_go_on_beside_it(void **state)
{
	(void)state;
	static const links_bench ONCE = { 300000, 20, 0 }, TINY = { 1, 256, 0 };
	links_bench lasts = { 50000, 8, 300 };
	static const unsigned both[] = { 2, 3 };
	static sender one;
	links_bench_result r[2];
	start(NULL);
	await(&stations[1], all_up);
	assert_ok(links_bench_run(stations[1].links, r, both, 2, &ONCE));
	for (unsigned i = 0; i < 2; i++) {
		check_result(&r[i], &ONCE);
		assert_int_equal(r[i].number, both[i]);
		assert_int_equal(r[i].answers, 20);
		assert_int_equal(r[i].lost, 0);
		assert_int_equal(r[i].bytes_sent, 6000000);
	}
	assert_ok(links_bench_run(stations[1].links, r, both + 1, 1, &TINY));
	check_result(&r[0], &TINY);
	assert_int_equal(r[0].answers, 256);

	one = (sender){ &stations[1], 0, 0 };
	assert_int_equal(pthread_create(&one.thread, NULL, send_all, &one), 0);
	for (bool again = true; again; lasts.duration_ms *= 2) {     /* until there is time for more than one payload a session */
		assert_ok(links_bench_run(stations[1].links, r, both, 2, &lasts));
		for (unsigned i = 0; i < 2; i++) {
			check_result(&r[i], &lasts);
			assert_true(r[i].duration_ms >= lasts.duration_ms);
		}
		again = r[0].answers <= lasts.sessions || r[1].answers <= lasts.sessions;
	}
	pthread_join(one.thread, NULL);
	stop();
}

static void a_benchmark_of_who_is_not_there_is_lost(void **state)
{
	(void)state;
	static const links_bench ONCE = { 1000, 3, 0 };
	static const unsigned wanted[] = { 2, 7, 2 };
	links_bench_result r[3];
	start(NULL);
	await(&stations[1], all_up);
	assert_ok(links_bench_run(stations[1].links, r, wanted, 3, &ONCE));
	assert_int_equal(r[0].answers, 3);
	assert_int_equal(r[1].answers, 0);
	assert_int_equal(r[2].answers, 0);
	stop();
}

static void a_benchmark_beyond_its_limits_is_refused(void **state)
{
	(void)state;
	static const unsigned both[] = { 2, 3 };
	static const links_bench BAD[] = {
		{ 0, 1, 0 }, { 1, 0, 0 }, { (256 << 20) + 1, 1, 0 }, { 1, 257, 0 }, { 256 << 20, 3, 0 }, { 4 << 20, 129, 0 },
		{ 1, 1, 60001 }, { 1, 1, -1 }, { UINT64_MAX, 256, 0 },
	};
	links_bench_result r[2];
	start(NULL);
	for (unsigned i = 0; i < COUNT(BAD); i++)
		assert_err(ERR_REQUEST, links_bench_run(stations[1].links, r, both, 2, &BAD[i]));
	assert_err(ERR_REQUEST, links_bench_run(stations[1].links, r, both, 0, &(links_bench){ 1, 1, 0 }));
	stop();
}

static void *bench_long(void *arg)
{
	static const links_bench LONG = { 100000, 4, 60000 };
	static const unsigned two[] = { 2 };
	links_bench_result *r = arg;
	ASSERT(links_bench_run(stations[1].links, r, two, 1, &LONG) == OK);
	return NULL;
}

static uint64_t sent_to_two(void)
{
	links_health h;
	assert_ok(links_health_of(stations[1].links, &h, 2));
	return h.wire_out;
}

static void one_benchmark_at_a_time_and_it_ends_with_its_peer(void **state)
{
	(void)state;
	static const links_bench ONCE = { 1000, 3, 0 };
	static const unsigned two[] = { 2 };
	static links_bench_result r, other;
	pthread_t thread;
	start(NULL);
	await(&stations[1], all_up);
	const uint64_t before = sent_to_two();
	assert_int_equal(pthread_create(&thread, NULL, bench_long, &r), 0);
	UNTIL(sent_to_two() >= before + 100000);                     /* nothing else sends so much */
	assert_err(ERR_BUSY, links_bench_run(stations[1].links, &other, two, 1, &ONCE));
	links_drop_peer(stations[1].links, 2);
	pthread_join(thread, NULL);
	assert_true(r.lost <= 4);
	stop();
}

static bool stands(const station *s) { return s->stands; }

static void a_benchmark_may_end_while_its_peer_reads_nothing(void **state)
{
	(void)state;
	static const links_bench WHILE = { 1 << 20, 20, 100 }, ONCE = { 1000, 3, 0 };
	static const unsigned two[] = { 2 };
	uint8_t frame[16] = { 0 };
	links_bench_result r;
	start(NULL);
	await(&stations[1], all_up);
	stations[2].stuck = true;
	assert_ok(links_send(stations[1].links, 2, LINKS_URGENT, (slice){ 0 }, slice_of(frame, sizeof frame), 0));
	await(&stations[2], stands);
	assert_ok(links_bench_run(stations[1].links, &r, two, 1, &WHILE));
	assert_int_equal(r.lost, 20);
	pthread_mutex_lock(&stations[2].lock);
	stations[2].stuck = false;
	pthread_cond_broadcast(&stations[2].changed);
	pthread_mutex_unlock(&stations[2].lock);
	assert_ok(links_bench_run(stations[1].links, &r, two, 1, &ONCE));          /* behind what was left of the first */
	assert_int_equal(r.answers, 3);
	stop();
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(frames_of_many_threads_arrive_each_in_its_order),
		TEST(senders_wait_for_room_and_receivers_may_hesitate),
		TEST(peers_come_and_go_while_others_send),
		TEST(a_benchmark_measures_each_payload_and_frames_go_on_beside_it),
		TEST(a_benchmark_of_who_is_not_there_is_lost),
		TEST(a_benchmark_beyond_its_limits_is_refused),
		TEST(one_benchmark_at_a_time_and_it_ends_with_its_peer),
		TEST(a_benchmark_may_end_while_its_peer_reads_nothing),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), world_begin, world_end);
}
