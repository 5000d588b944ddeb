/* special.h: the special functions that several theories share. */
#ifndef LN_SPECIAL_H
#define LN_SPECIAL_H

/* (e^x - 1)/x; 1 at x = 0, 0 at x = -infinity. */
double ln_phi1(double x);

/* A piece of an incomplete beta integral, from q to q e^x:
 *
 *     q^-a  integral of  y^(a-1) (1-y)^(-c) dy  =  sum over k >= 0 of (c)_k/k! q^k (e^((a+k)x) - 1)/(a+k)
 *
 * for 0 <= q <= 1/2, q e^x <= 1/2 and any real a > -2, a = 0 and -1 included (those terms become x). Every
 * term is a difference that is formed without cancellation, so the relative error is of order 1e-16 however
 * short the piece is (times at most 3 where c < 0 and the terms differ in sign). */
double ln_beta_piece(double a, double c, double q, double x);

/* The x for which ln_beta_piece(a, c, q, x) = y. The piece grows with x; y must lie in its range. */
double ln_beta_piece_inverse(double a, double c, double q, double y);

#endif
