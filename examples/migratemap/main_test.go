package main

func Example() {
	main()
	// Output:
	// questions to the bank, before: 100
	// questions to the bank, after: 1
}
