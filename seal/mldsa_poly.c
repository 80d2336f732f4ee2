/* SPDX-License-Identifier: MIT */
/*
 * seal/mldsa_poly.c -- plain arithmetic of R_q, written for reading.
 *
 * As in seal/mlkem_poly.c, no division and no branch meets a coefficient: products are reduced in Montgomery's way,
 * quotients by 2 gamma2 are multiplications, and the last subtraction is masked.
 */
#include "seal/mldsa_poly.h"
#include "base/ct.h"
#include "sym/keccak.h"

enum { Q = MLDSA_Q, N = MLDSA_N };

/* 1753^brv(i) 2^32 mod q, brv = reversal of 8 bits. */
static const uint32_t ZETA[N] = {
	4193792,   25847, 5771523, 7861508,  237124, 7602457, 7504169,  466468, 1826347, 2353451, 8021166, 6288512,
	3119733, 5495562, 3111497, 2680103, 2725464, 1024112, 7300517, 3585928, 7830929, 7260833, 2619752, 6271868,
	6262231, 4520680, 6980856, 5102745, 1757237, 8360995, 4010497,  280005, 2706023,   95776, 3077325, 3530437,
	6718724, 4788269, 5842901, 3915439, 4519302, 5336701, 3574422, 5512770, 3539968, 8079950, 2348700, 7841118,
	6681150, 6736599, 3505694, 4558682, 3507263, 6239768, 6779997, 3699596,  811944,  531354,  954230, 3881043,
	3900724, 5823537, 2071892, 5582638, 4450022, 6851714, 4702672, 5339162, 6927966, 3475950, 2176455, 6795196,
	7122806, 1939314, 4296819, 7380215, 5190273, 5223087, 4747489,  126922, 3412210, 7396998, 2147896, 2715295,
	5412772, 4686924, 7969390, 5903370, 7709315, 7151892, 8357436, 7072248, 7998430, 1349076, 1852771, 6949987,
	5037034,  264944,  508951, 3097992,   44288, 7280319,  904516, 3958618, 4656075, 8371839, 1653064, 5130689,
	2389356, 8169440,  759969, 7063561,  189548, 4827145, 3159746, 6529015, 5971092, 8202977, 1315589, 1341330,
	1285669, 6795489, 7567685, 6940675, 5361315, 4499357, 4751448, 3839961, 2091667, 3407706, 2316500, 3817976,
	5037939, 2244091, 5933984, 4817955,  266997, 2434439, 7144689, 3513181, 4860065, 4621053, 7183191, 5187039,
	 900702, 1859098,  909542,  819034,  495491, 6767243, 8337157, 7857917, 7725090, 5257975, 2031748, 3207046,
	4823422, 7855319, 7611795, 4784579,  342297,  286988, 5942594, 4108315, 3437287, 5038140, 1735879,  203044,
	2842341, 2691481, 5790267, 1265009, 4055324, 1247620, 2486353, 1595974, 4613401, 1250494, 2635921, 4832145,
	5386378, 1869119, 1903435, 7329447, 7047359, 1237275, 5062207, 6950192, 7929317, 1312455, 3306115, 6417775,
	7100756, 1917081, 5834105, 7005614, 1500165,  777191, 2235880, 3406031, 7838005, 5548557, 6709241, 6533464,
	5796124, 4656147,  594136, 4603424, 6366809, 2432395, 2454455, 8215696, 1957272, 3369112,  185531, 7173032,
	5196991,  162844, 1616392, 3014001,  810149, 1652634, 4686184, 6581310, 5341501, 3523897, 3866901,  269760,
	2213111, 7404533, 1717735,  472078, 7953734, 1723600, 6577327, 1910376, 6712985, 7276084, 8119771, 4546524,
	5441381, 6144432, 7959518, 6094090,  183443, 7403526, 1612842, 4834730, 7826001, 3919660, 8332111, 7018208,
	3937738, 1400424, 7534263, 1976782,
};

/* x mod q.  Requires: x < 2q. */
static inline uint32_t once(uint32_t x)
{
	const uint32_t less = x - Q;
	return less + (Q & (uint32_t)ct_mask(less >> 31));
}

static inline uint32_t add(uint32_t a, uint32_t b) { return once(a + b); }
static inline uint32_t sub(uint32_t a, uint32_t b) { return once(a + Q - b); }

/* a b 2^-32 mod q.  Adding that multiple of q clears the lower half; the sum is below q^2 + 2^32 q < 2^33 q. */
static inline uint32_t mul(uint32_t a, uint32_t b)
{
	const uint64_t x = (uint64_t)a * b;
	const uint32_t m = (uint32_t)x * 4236238847u;               /* check: 4236238847 * 8380417 % 2**32 == 2**32 - 1 */
	return once((uint32_t)((x + (uint64_t)m * Q) >> 32));
}

void dsa_add(dsa_poly *f, const dsa_poly *g)
{
	for (unsigned i = 0; i < N; i++) f->c[i] = add(f->c[i], g->c[i]);
}

void dsa_sub(dsa_poly *f, const dsa_poly *g)
{
	for (unsigned i = 0; i < N; i++) f->c[i] = sub(f->c[i], g->c[i]);
}

void dsa_ntt(dsa_poly *f)
{
	unsigned k = 1;

	for (unsigned len = N / 2; len >= 1; len /= 2)
		for (unsigned start = 0; start < N; start += 2 * len, k++)
			for (unsigned j = start; j < start + len; j++) {
				const uint32_t t = mul(ZETA[k], f->c[j + len]);
				f->c[j + len] = sub(f->c[j], t);
				f->c[j] = add(f->c[j], t);
			}
}

void dsa_ntt_inverse(dsa_poly *f)
{
	unsigned k = N - 1;

	for (unsigned len = 1; len < N; len *= 2)
		for (unsigned start = 0; start < N; start += 2 * len, k--)
			for (unsigned j = start; j < start + len; j++) {
				const uint32_t t = f->c[j];
				f->c[j] = add(t, f->c[j + len]);
				f->c[j + len] = mul(ZETA[k], sub(f->c[j + len], t));
			}
	for (unsigned i = 0; i < N; i++) f->c[i] = mul(f->c[i], 41978);      /* check: 41978 * 256 % 8380417 == 2**64 % 8380417 */
}

void dsa_mul_add(dsa_poly *f, const dsa_poly *g, const dsa_poly *h)
{
	for (unsigned i = 0; i < N; i++) f->c[i] = add(f->c[i], mul(g->c[i], h->c[i]));
}

/* ---- sampling ----------------------------------------------------------------------------------------------------- */

void dsa_sample_var(dsa_poly *f, const uint8_t rho[static 32], uint8_t i, uint8_t j)
{
	uint8_t three[3];
	xof x = xof_shake128();

	xof_absorb(&x, slice_of(rho, 32));
	xof_absorb(&x, slice_of((uint8_t[]){ j, i }, 2));
	for (unsigned n = 0; n < N; ) {
		xof_squeeze(&x, three, sizeof three);
		const uint32_t c = three[0] | (uint32_t)three[1] << 8 | (three[2] & 127u) << 16;
		if (c < Q) f->c[n++] = c;
	}
}

/* In place: what is returned would leave a copy of the key behind. */
static void stream(xof *x, const uint8_t key[static 64], uint16_t nonce)
{
	*x = xof_shake256();
	xof_absorb(x, slice_of(key, 64));
	xof_absorb(x, slice_of((uint8_t[]){ (uint8_t)nonce, (uint8_t)(nonce >> 8) }, 2));
}

/* Nibbles 0 to 14 give each of five values thrice, 0 to 8 each of nine once. */
void dsa_sample_short(dsa_poly *f, unsigned eta, const uint8_t key[static 64], uint16_t nonce)
{
	const uint32_t end = eta == 2 ? 15 : 9;
	uint8_t byte;
	xof x;

	ASSERT(eta == 2 || eta == 4);
	stream(&x, key, nonce);
	for (unsigned n = 0; n < N; ) {
		xof_squeeze(&x, &byte, 1);
		for (unsigned half = 0; half < 2 && n < N; half++) {
			const uint32_t nibble = byte >> 4 * half & 15;
			uint64_t taken = ct_lt(nibble, end);
			DECLASSIFY(&taken, sizeof taken, "which nibbles were passed over tells nothing about the others");
			if (!taken) continue;
			const uint32_t v = eta == 2 ? nibble - (nibble * 13 >> 6) * 5 : nibble;     /* check: 13 / 64 > 1 / 5 > 13 / 66 */
			f->c[n++] = once(eta + Q - v);
		}
	}
	wipe(&byte, sizeof byte);
	wipe(&x, sizeof x);
}

void dsa_sample_mask(dsa_poly *f, unsigned bits, const uint8_t key[static 64], uint16_t nonce)
{
	uint8_t bytes[32 * 20];
	xof x;

	ASSERT(bits <= 20);
	stream(&x, key, nonce);
	xof_squeeze(&x, bytes, 32 * (size_t)bits);
	dsa_unpack_centred(f, bits, bytes);
	wipe(bytes, sizeof bytes);
	wipe(&x, sizeof x);
}

void dsa_sample_ball_var(dsa_poly *f, unsigned tau, slice seed)
{
	uint8_t signs[8], at;
	xof x = xof_shake256();

	xof_absorb(&x, seed);
	xof_squeeze(&x, signs, sizeof signs);
	*f = (dsa_poly){ 0 };
	for (unsigned n = 0; n < tau; n++) {
		const unsigned last = N - tau + n;
		do xof_squeeze(&x, &at, 1); while (at > last);
		f->c[last] = f->c[at];
		f->c[at] = signs[n / 8] >> n % 8 & 1 ? Q - 1 : 1;
	}
}

/* ---- rounding ----------------------------------------------------------------------------------------------------- */

void dsa_power2_round(dsa_poly *high, dsa_poly *low, const dsa_poly *f)
{
	for (unsigned i = 0; i < N; i++) {
		const uint32_t x = f->c[i], h = (x + (1u << (MLDSA_D - 1)) - 1) >> MLDSA_D;
		high->c[i] = h;
		low->c[i] = once(x + Q - (h << MLDSA_D));
	}
}

/* high = ceil((x - gamma2) / 2 gamma2), and the top one, where x - low is q - 1, becomes 0. */
typedef struct cut { uint64_t reciprocal; uint32_t step, top; } cut;

/* ceil(2^48 / step) exceeds 2^48 / step by less than 1; times x < 2^24 that is below 2^48 / step: the floor is exact. */
static cut cut_of(uint32_t gamma2)
{
	const uint32_t step = 2 * gamma2;
	return (cut){ (((uint64_t)1 << 48) + step - 1) / step, step, (Q - 1) / step };
}

static inline uint32_t high_of(const cut *k, uint32_t x)
{
	const uint32_t h = (uint32_t)((x + k->step / 2 - 1) * k->reciprocal >> 48);
	return h & ~(uint32_t)ct_is_zero(h ^ k->top);
}

/* Where high wrapped around, x itself is close to q: x - q is the distance from there. */
static inline uint32_t low_of(const cut *k, uint32_t x)
{
	return once(x + Q - high_of(k, x) * k->step);
}

void dsa_high(dsa_poly *high, uint32_t gamma2, const dsa_poly *f)
{
	const cut k = cut_of(gamma2);
	for (unsigned i = 0; i < N; i++) high->c[i] = high_of(&k, f->c[i]);
}

void dsa_low(dsa_poly *low, uint32_t gamma2, const dsa_poly *f)
{
	const cut k = cut_of(gamma2);
	for (unsigned i = 0; i < N; i++) low->c[i] = low_of(&k, f->c[i]);
}

/* The hint says that the high part is the neighbour on the side to which the low part leans. */
void dsa_use_hint_var(dsa_poly *f, uint32_t gamma2, const uint8_t hint[static N])
{
	const cut k = cut_of(gamma2);

	for (unsigned i = 0; i < N; i++) {
		const uint32_t h = high_of(&k, f->c[i]), low = low_of(&k, f->c[i]);
		const bool up = low != 0 && low <= gamma2;
		f->c[i] = !hint[i] ? h : (h + (up ? 1 : k.top - 1)) % k.top;
	}
}

uint64_t dsa_reaches(const dsa_poly *f, uint32_t bound)
{
	uint64_t far = 0;
	for (unsigned i = 0; i < N; i++) far |= ct_lt(f->c[i] - bound, Q - 2 * bound + 1);
	return far;
}

/* ---- packing ------------------------------------------------------------------------------------------------------ */

void dsa_pack(uint8_t *out, unsigned bits, const dsa_poly *f)
{
	uint32_t held = 0;
	unsigned have = 0;

	for (unsigned i = 0; i < N; i++) {
		held |= f->c[i] << have;
		for (have += bits; have >= 8; have -= 8, held >>= 8) *out++ = (uint8_t)held;
	}
}

void dsa_unpack(dsa_poly *f, unsigned bits, const uint8_t *in)
{
	uint32_t held = 0;
	unsigned have = 0;

	for (unsigned i = 0; i < N; i++) {
		for (; have < bits; have += 8) held |= (uint32_t)*in++ << have;
		f->c[i] = held & ((1u << bits) - 1);
		held >>= bits, have -= bits;
	}
}

static void centre(dsa_poly *f, unsigned bits)
{
	for (unsigned i = 0; i < N; i++) f->c[i] = once((1u << (bits - 1)) + Q - f->c[i]);
}

void dsa_pack_centred(uint8_t *out, unsigned bits, const dsa_poly *f)
{
	dsa_poly g = *f;

	centre(&g, bits);
	dsa_pack(out, bits, &g);
	wipe(&g, sizeof g);
}

void dsa_unpack_centred(dsa_poly *f, unsigned bits, const uint8_t *in)
{
	dsa_unpack(f, bits, in);
	centre(f, bits);
}
