package term

// IsFancy is fancy, for the tests.
var IsFancy = fancy
