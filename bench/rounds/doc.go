// Package rounds compares the speed of several things on a machine that has
// other things to do, too.
//
// Two runs of one program on a shared machine differ by more than what they
// measure. So the subjects take turns: each is measured once in every round, for
// a few milliseconds, and what is reported are medians over the rounds, with
// their spread, and ratios that are formed within a round.
package rounds
