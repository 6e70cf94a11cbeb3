package dev.signwright

import com.cloudbees.groovy.cps.NonCPS

/**
 * Who may still answer. Jenkins does not tell at which input somebody proceeded, so the people of a build are given to the roles as a
 * whole: one person counts once, and somebody in two roles fills the one that needs it.
 */
class Approvers implements Serializable {

    private static final long serialVersionUID = 1

    /** One for each approval that is missing: who may give it. */
    List<List<String>> places = []
    Set<String> accounts = []

    @NonCPS
    static Approvers of(List<Map> missing) {
        Approvers approvers = new Approvers()
        missing.each { each ->
            each.missing.times { approvers.places.add(each.accounts) }
            approvers.accounts.addAll(each.accounts)
        }
        return approvers
    }

    @NonCPS
    boolean isPossible() {
        return filled(accounts as List) == places.size()
    }

    /** How many approvals are missing still. */
    @NonCPS
    int open(List<String> answered) {
        return places.size() - filled(answered)
    }

    /** Those whose answer would count. */
    @NonCPS
    List<String> candidates(List<String> answered) {
        int already = filled(answered)
        return accounts.findAll { account -> filled(answered + account) > already }.toList()
    }

    /** How many places these people fill at most: a matching, found by augmenting paths. */
    @NonCPS
    int filled(List<String> people) {
        Map<Integer, String> seats = [:]
        return people.unique(false).count { person -> seat(person, seats, [] as Set) }
    }

    @NonCPS
    private boolean seat(String person, Map<Integer, String> seats, Set<Integer> tried) {
        for (int place = 0; place < places.size(); place++) {
            if (places[place].contains(person) && tried.add(place) && (!seats[place] || seat(seats[place], seats, tried))) {
                seats[place] = person
                return true
            }
        }
        return false
    }

}
