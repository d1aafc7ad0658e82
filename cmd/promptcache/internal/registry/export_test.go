package registry

// Distance is distance, for the tests.
var Distance = distance
