package main

func Example() {
	main()
	// Output:
	// caches: [default sessions]
	// price after Clear: false
	// session after Clear: true {42 [tea]}
	// session lives for 24h0m0s
}
